import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CodecError } from '../core/errors.ts';
import { float32, type HostTensor, sizeOf } from '../core/tensor.ts';
import { createAtomicFile } from '../media/atomic-file.ts';
import type { Weights } from '../nn/params.ts';
import { codebookName } from '../quantizers/rvq.ts';
import { readSafetensors, writeSafetensors } from '../weights/safetensors.ts';
import type { CodebookAverages } from './codebook-averages.ts';

/** Everything a run needs to go on as if it had not stopped. */
export interface TrainingState {
  step: number;
  rng: number[];
  /** Trained by gradients. */
  readonly weights: Map<string, HostTensor>;
  /** Adam's first and second moments, by weight name. */
  readonly m: Map<string, HostTensor>;
  readonly v: Map<string, HostTensor>;
  readonly codebooks: CodebookAverages;
}

const FILE = 'checkpoint.safetensors';

function codebookTensors(codebooks: CodebookAverages): [string, HostTensor][] {
  return codebooks.vectors.flatMap((vectors, q) => {
    const size = codebooks.counts[q]!.length;
    const shape = [size, vectors.length / size];
    const base = codebookName(q).replace(/embed$/, '');
    return [
      [`${base}embed`, float32(shape, vectors)],
      [`${base}cluster_size`, float32([size], codebooks.counts[q]!)],
      [`${base}embed_avg`, float32(shape, codebooks.sums[q]!)],
    ] as [string, HostTensor][];
  });
}

/** The model alone, under the reference's state-dict names: what inference needs. */
export function modelWeights(state: TrainingState): Map<string, HostTensor> {
  const embeds = codebookTensors(state.codebooks).filter(([name]) => name.endsWith('.embed'));
  return new Map([...state.weights, ...embeds]);
}

/** Writes the state; an interrupted write leaves the old checkpoint. */
export async function saveCheckpoint(folder: string, state: TrainingState): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const prefixed = (prefix: string, tensors: Weights) =>
    [...tensors].map(([name, t]) => [`${prefix}:${name}`, t] as const);
  const all = new Map([
    ...state.weights,
    ...codebookTensors(state.codebooks),
    ...prefixed('adam_m', state.m),
    ...prefixed('adam_v', state.v),
  ]);
  const bytes = writeSafetensors(all, { step: String(state.step), rng: JSON.stringify(state.rng) });
  await writeWhole(path.join(folder, FILE), bytes);
}

/** Replaces a file, or leaves it as it was. */
export async function writeWhole(file: string, bytes: Uint8Array): Promise<void> {
  const output = await createAtomicFile(file, { force: true });
  try {
    await output.write(bytes);
    await output.commit();
  } catch (error) {
    await output.abort();
    throw error;
  }
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
  for (const [name, tensor] of state.weights) fill(name, tensor);
  for (const [name, tensor] of state.m) fill(`adam_m:${name}`, tensor);
  for (const [name, tensor] of state.v) fill(`adam_v:${name}`, tensor);
  for (const [name, tensor] of codebookTensors(state.codebooks)) fill(name, tensor);
  state.step = Number(metadata.step);
  state.rng = JSON.parse(metadata.rng ?? '[]');
}

/**
 * Starts from a trained model instead of random weights; the optimiser and the step count start afresh.
 * @param rows latents per step, over which the codebooks' use is spread
 * @throws `bad-weights` when the model is of other sizes
 */
export function adoptModel(weights: Weights, state: TrainingState, rows: number): void {
  const parts = {
    what: 'the weights to start from are not of this recipe',
    remedy: 'Start from weights of the same sizes.',
  };
  for (const [name, tensor] of state.weights) tensor.data.set(dataOf(weights, name, tensor, parts));
  for (const [q, vectors] of state.codebooks.vectors.entries()) {
    const size = state.codebooks.counts[q]!.length;
    const expected = float32([size, vectors.length / size], vectors);
    state.codebooks.adopt(q, dataOf(weights, codebookName(q), expected, parts), rows);
  }
}

function dataOf(
  tensors: Weights,
  name: string,
  { shape }: HostTensor,
  { what, remedy }: { readonly what: string; readonly remedy: string },
): Float32Array<ArrayBuffer> {
  const source = tensors.get(name);
  if (source?.data.length === sizeOf(shape)) return source.data as Float32Array<ArrayBuffer>;
  throw new CodecError('bad-weights', {
    what: `${what} at ${name}`,
    found: source ? `shape [${source.shape}]` : 'nothing',
    expected: `[${shape}]`,
    remedy,
  });
}
