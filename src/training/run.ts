import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Rng } from '../core/rng.ts';
import type { Engine } from '../engine/engine.ts';
import { writeFileAtomically } from '../media/atomic-file.ts';
import type { Recipe } from '../recipe/schema.ts';
import { saveCheckpoint } from './checkpoint.ts';
import { loadClips, splitClips } from './dataset.ts';
import type { Objective } from './objective.ts';
import { restoring } from './restore.ts';
import { type StepReport, Trainer } from './trainer.ts';

export interface TrainingRun {
  readonly recipe: Recipe;
  /** What of it is trained. */
  readonly objective: Objective;
  readonly engine: Engine;
  /** Folder of audio files. */
  readonly data: string;
  /** Folder that keeps decoded sound for the next run; none when left out. */
  readonly cache?: string;
  /** Folder of the run: checkpoint, log, recipe. */
  readonly out: string;
  readonly steps: number;
  readonly resume: boolean;
  /** Weights to start from, as a recipe names them; random ones when left out. */
  readonly from?: string;
  readonly seed: number;
  readonly validateEvery: number;
  readonly saveEvery: number;
  /** Ends the run after the step under way, checkpoint written. */
  readonly signal?: AbortSignal;
  readonly onLoad?: (done: number, total: number) => void;
  readonly onStep?: (report: StepReport) => void;
  readonly onValidation?: (entry: Readonly<Record<string, unknown>>) => void;
  readonly onWarning?: (text: string) => void;
}

/** Sound over which the entropy coding tables are made. */
const TABLE_SECONDS = 3600;

/**
 * Trains a recipe, writing `log.jsonl` and a checkpoint from which `resume` goes on to the same weights; at the end also
 * `model.safetensors`, which a recipe's `weights` can name.
 */
export async function train(
  run: TrainingRun,
): Promise<{ readonly step: number; readonly finished: boolean }> {
  const { recipe, out, steps, seed } = run;
  // Weights first: they are soon read, and the data is not.
  const restore = restoring(run.objective, { ...(run.resume && { resume: out }), from: run.from });
  const trainer = await Trainer.create(run.objective, recipe.training, run.engine, seed, restore);
  const clips = await loadClips(run.data, {
    sampleRateHz: recipe.signal.sampleRateHz,
    cache: run.cache,
    onProgress: (done, total) => run.onLoad?.(done, total),
    onBad: (file, error) =>
      run.onWarning?.(`left out ${file}: ${error instanceof Error ? error.message : error}`),
  });
  const split = splitClips(clips, recipe.training.validationShare, new Rng(seed));
  mkdirSync(out, { recursive: true });
  writeFileSync(path.join(out, 'recipe.json'), `${JSON.stringify(recipe, null, 2)}\n`);
  const log = (entry: object) => appendFileSync(path.join(out, 'log.jsonl'), `${JSON.stringify(entry)}\n`);

  while (trainer.state.step < steps && !run.signal?.aborted) {
    const report = await trainer.step(split.train, steps);
    run.onStep?.(report);
    if (report.step % 10 === 0)
      log({ ...report, audioSecondsPerSecond: trainer.batchSeconds / report.seconds });
    if (report.step % run.validateEvery === 0 || report.step === steps) {
      const held = split.validation.length > 0 ? split.validation : split.train;
      const entry = { step: report.step, validation: await trainer.validate(held) };
      log(entry);
      run.onValidation?.(entry);
    }
    if (report.step % run.saveEvery === 0) await saveCheckpoint(out, trainer.state);
  }
  await saveCheckpoint(out, trainer.state);
  const finished = trainer.state.step >= steps;
  if (finished) {
    const source = { clips: split.train, engine: run.engine.name, maxSeconds: TABLE_SECONDS };
    const bytes = await run.objective.pack(trainer.modelWeights, source);
    await writeFileAtomically(path.join(out, 'model.safetensors'), bytes, { force: true });
  }
  return { step: trainer.state.step, finished };
}
