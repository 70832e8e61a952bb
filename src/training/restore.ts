import { loadWeights } from '../weights/store.ts';
import { adoptModel, loadCheckpoint, type TrainingState } from './checkpoint.ts';
import type { Objective } from './objective.ts';

/**
 * Fills a fresh state from a run's folder, or from a model, or not at all.
 * @param start `resume` is a folder; `from` names weights as a recipe does
 */
export function restoring(
  objective: Objective,
  { resume, from }: { readonly resume?: string | undefined; readonly from?: string | undefined },
): (state: TrainingState) => void {
  const model = from === undefined ? undefined : loadWeights(from).tensors;
  return (state) => {
    if (resume !== undefined) loadCheckpoint(resume, state);
    else if (model) adoptModel(model, state, objective);
  };
}
