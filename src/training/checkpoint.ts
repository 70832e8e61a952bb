import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CodecError } from '../core/errors.ts';
import type { HostTensor } from '../core/tensor.ts';
import { writeFileAtomically } from '../media/atomic-file.ts';
import type { Weights } from '../nn/params.ts';
import { readSafetensors, writeSafetensors } from '../weights/safetensors.ts';
import { dataOf } from './checkpoint-tensors.ts';
import type { Objective } from './objective.ts';
import { type OptimiserState, STATE_PREFIXES } from './optimised.ts';

/** Everything a run needs to go on as if it had not stopped. */
export interface TrainingState extends OptimiserState {
  step: number;
  rng: number[];
  /** Learned beside the gradients. */
  readonly learned: ReadonlyMap<string, HostTensor>;
  /** Of the objective's opponent, where it has one. */
  readonly opponent?: OptimiserState | undefined;
}

const FILE = 'checkpoint.safetensors';
/** What names begin with, by part of the state. Averages came later: a checkpoint may lack them. */
const PREFIXES = { weights: '', m: 'adam_m:', v: 'adam_v:', averages: 'average:', learned: '' } as const;

function tensorsOf(state: TrainingState): [string, HostTensor][] {
  const opponent = state.opponent
    ? tensorsOf({ ...state.opponent, step: 0, rng: [], learned: new Map() })
    : [];
  return opponent.concat(
    (Object.keys(PREFIXES) as (keyof typeof PREFIXES)[]).flatMap((part) =>
      [...state[part]].map(([name, tensor]) => [PREFIXES[part] + name, tensor] as [string, HostTensor]),
    ),
  );
}

/** Names in a checkpoint, by what graphs call what is carried from step to step. */
export function tensorNames({ learned, opponent, ...state }: TrainingState): Map<string, string> {
  const names = [state, ...(opponent ? [opponent] : [])].flatMap((each) =>
    (Object.keys(STATE_PREFIXES) as (keyof OptimiserState)[]).flatMap((part) =>
      [...each[part].keys()].map(
        (name) => [`${STATE_PREFIXES[part]}:${name}`, PREFIXES[part] + name] as const,
      ),
    ),
  );
  return new Map([...[...learned.keys()].map((name) => [name, name] as const), ...names]);
}

/** Writes the state; an interrupted write leaves the old checkpoint. */
export async function saveCheckpoint(folder: string, state: TrainingState): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const all = new Map(tensorsOf(state));
  const bytes = writeSafetensors(all, { step: String(state.step), rng: JSON.stringify(state.rng) });
  await writeFileAtomically(path.join(folder, FILE), bytes, { force: true });
}

/** Fills `state` from the folder's checkpoint. Throws `bad-weights` when there is none or it is of another recipe. */
export function loadCheckpoint(folder: string, state: TrainingState): void {
  const file = path.join(folder, FILE);
  if (!existsSync(file)) {
    throw new CodecError('bad-weights', {
      what: `there is no checkpoint in ${folder}`,
      remedy: 'Leave out --resume to start.',
    });
  }
  const { tensors, metadata } = readSafetensors(readFileSync(file), file);
  const fill = (name: string, target: HostTensor) =>
    target.data.set(
      dataOf(tensors, name, target, {
        what: `the checkpoint ${file} is not of this recipe`,
        remedy: 'Resume with the recipe the run began with.',
      }),
    );
  for (const [name, tensor] of tensorsOf(state)) {
    const average = name.startsWith(PREFIXES.averages) && !tensors.has(name);
    fill(average ? name.slice(PREFIXES.averages.length) : name, tensor);
  }
  state.step = Number(metadata.step);
  state.rng = JSON.parse(metadata.rng ?? '[]');
}

/**
 * Starts from a trained model instead of random weights; the optimiser and the step count start afresh.
 * @throws `bad-weights` when the model is of other sizes
 */
export function adoptModel(model: Weights, state: TrainingState, objective: Pick<Objective, 'adopt'>): void {
  for (const tensors of [state.weights, state.averages]) {
    for (const [name, tensor] of tensors) {
      tensor.data.set(
        dataOf(model, name, tensor, {
          what: 'the weights to start from are not of this recipe',
          remedy: 'Start from weights of the same sizes.',
        }),
      );
    }
  }
  objective.adopt(model);
}
