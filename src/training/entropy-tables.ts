import { type Codes, sliceFrames } from '../core/codes.ts';
import { Rng } from '../core/rng.ts';
import { treesOf } from '../entropy/context-model.ts';
import { EMBEDDING_UNIT } from '../entropy/context-network.ts';
import { bitsPerIndex, MODES } from '../entropy/entropy-coder.ts';
import { frequenciesFromCounts } from '../entropy/frequency-table.ts';
import { LOGIT_UNIT } from '../entropy/logistic.ts';
import { MixModel, UNTRAINED } from '../entropy/mix-model.ts';
import { ModelCoder } from '../entropy/model-coder.ts';
import { type ContextTables, type EntropyModel, MIX_INPUTS } from '../entropy/model-tables.ts';
import { trainContext } from './context-training.ts';
import { similarityRanks } from './index-order.ts';
import { covariance, principalDirections, type Vectors } from './principal.ts';

export interface TableOptions {
  /** Frames of a file's chunk: contexts do not reach further back. */
  readonly framesPerChunk: number;
  /** Numbers of codebooks that files have. */
  readonly codebookCounts: readonly number[];
  /** Numbers per code that the context network sees, at most; and its units per codebook. */
  readonly features?: number;
  readonly hidden?: number;
  readonly epochs?: number;
  readonly seed?: number;
}

const RATE = 0.15;
/** Chunks on which the mixer's first weights are learned, at most. */
const MIXING_CHUNKS = 160;

/**
 * All tables the entropy coders know of, from the codes a model gives to sound, each [codebooks, frames], and the vectors
 * behind its indices (see `codeVectors`).
 */
export function entropyTables(
  codes: readonly Codes[],
  vectors: readonly Vectors[],
  options: TableOptions,
): EntropyModel {
  const { features = 24, hidden = 16, epochs = 3, seed = 1, framesPerChunk, codebookCounts } = options;
  const rng = new Rng(seed);
  const codebookSize = vectors[0]!.data.length / vectors[0]!.dimension;
  const sizes = { codebooks: vectors.length, codebookSize };
  const counts = vectors.map((_, q) => countsOf(codes, q, codebookSize));
  // Half a count more everywhere: what the codes never show may still come.
  const raised = counts.map((row) => row.map((count) => 2 * count + 1));
  const frequencies = joined(raised.map((row) => frequenciesFromCounts(row)));

  const ranks = joined(vectors.map((rows) => similarityRanks(rows)));
  const embeddings = embed(codes, vectors, counts, Math.min(features, vectors[0]!.dimension));
  const nodeBiases = biasesOf({ ...sizes, ranks }, raised);
  const chunks = codes.flatMap((each) => chunksOf(each, framesPerChunk));
  const start = { ...sizes, ranks, nodeBiases, ...embeddings };
  const network = trainContext(chunks, start, { hidden, epochs, rate: RATE, codebookCounts, rng });
  const rows = sizes.codebooks * bitsPerIndex(codebookSize);
  const mixing = Int32Array.from({ length: rows * MIX_INPUTS }, (_, i) => UNTRAINED[i % MIX_INPUTS]!);
  const context = { ...start, ...network, mixing };
  const every = Math.ceil(chunks.length / MIXING_CHUNKS);
  const some = chunks.filter((_, i) => i % every === 0);
  return {
    codebookSize,
    frequencies,
    context: { ...context, mixing: learnMixing({ codebookSize, frequencies, context }, some) },
  };
}

function countsOf(codes: readonly Codes[], q: number, codebookSize: number): Float64Array {
  const counts = new Float64Array(codebookSize);
  for (const { indices, frames } of codes) {
    for (let i = q * frames; i < (q + 1) * frames; i++) counts[indices[i]!]!++;
  }
  return counts;
}

function chunksOf(codes: Codes, frames: number): Codes[] {
  return Array.from({ length: Math.ceil(codes.frames / frames) }, (_, c) =>
    sliceFrames(codes, c * frames, Math.min(codes.frames, (c + 1) * frames)),
  );
}

/** Vectors along the directions in which they vary most, scaled so that each number of a whole frame has unit variance. */
function embed(
  codes: readonly Codes[],
  vectors: readonly Vectors[],
  counts: readonly Float64Array[],
  features: number,
): Pick<ContextTables, 'features' | 'embeddings'> {
  const { dimension } = vectors[0]!;
  const size = vectors[0]!.data.length / dimension;
  const sum = new Float64Array(dimension * dimension);
  for (const [q, rows] of vectors.entries()) {
    const matrix = covariance(rows, counts[q]!);
    let trace = 0;
    for (let k = 0; k < dimension; k++) trace += matrix[k * dimension + k]!;
    // Later codebooks are much smaller, but say as much.
    if (trace > 0) for (let i = 0; i < sum.length; i++) sum[i]! += matrix[i]! / trace;
  }
  const directions = principalDirections(sum, dimension, features);
  const projected = vectors.map(({ data }, q) => {
    const rows = new Float64Array(size * features);
    for (const [k, direction] of directions.entries()) {
      let [mean, total] = [0, 0];
      for (let s = 0; s < size; s++) {
        let dot = 0;
        for (let i = 0; i < dimension; i++) dot += data[s * dimension + i]! * direction[i]!;
        rows[s * features + k] = dot;
        mean += counts[q]![s]! * dot;
        total += counts[q]![s]!;
      }
      mean /= total || 1;
      for (let s = 0; s < size; s++) rows[s * features + k]! -= mean;
    }
    return rows;
  });
  const deviations = frameDeviations(codes, projected, features);
  const embeddings = projected.map((rows) =>
    Int32Array.from(rows, (v, i) => Math.round((v * EMBEDDING_UNIT) / deviations[i % features]!)),
  );
  return { features, embeddings: joined(embeddings) };
}

/** Root mean square of each number of a frame: the sum of its codes' rows. */
function frameDeviations(
  codes: readonly Codes[],
  rows: readonly Float64Array[],
  features: number,
): Float64Array {
  const squares = new Float64Array(features);
  const frame = new Float64Array(features);
  let count = 0;
  for (const { indices, frames, codebooks } of codes) {
    for (let t = 0; t < frames; t++) {
      frame.fill(0);
      for (let q = 0; q < codebooks; q++) {
        const from = indices[q * frames + t]! * features;
        for (let k = 0; k < features; k++) frame[k]! += rows[q]![from + k]!;
      }
      for (let k = 0; k < features; k++) squares[k]! += frame[k]! * frame[k]!;
      count++;
    }
  }
  return squares.map((sum) => Math.sqrt(sum / Math.max(1, count)) || 1);
}

/** Log-odds of each decision without context, in units of 1 / 256. */
function biasesOf(
  shape: Pick<ContextTables, 'codebooks' | 'codebookSize' | 'ranks'>,
  counts: readonly Float64Array[],
): Int32Array {
  const trees = treesOf(shape);
  return joined(
    trees.map((tree, q) => {
      const sums = tree.sums(counts[q]!);
      return Int32Array.from({ length: tree.nodes }, (_, node) => {
        const [left, right] = [sums[2 * node]!, sums[2 * node + 1]!];
        return node > 0 && left > 0 && right > 0 ? Math.round(LOGIT_UNIT * Math.log(right / left)) : 0;
      });
    }),
  );
}

/** Weights that mixing settles at, a mean over the second half of the chunks. */
function learnMixing(model: EntropyModel, chunks: readonly Codes[]): Int32Array {
  const mix = new MixModel(model);
  const coder = new ModelCoder(mix, model.codebookSize, MODES.mix);
  const sums = new Float64Array(model.context!.mixing.length);
  let count = 0;
  for (const [i, chunk] of chunks.entries()) {
    coder.codebookBits(chunk);
    mix.mixer.keep();
    if (2 * i < chunks.length - 1) continue;
    for (const [k, weight] of mix.mixer.current().entries()) sums[k]! += weight;
    count++;
  }
  return Int32Array.from(sums, (sum) => Math.round(sum / Math.max(1, count)));
}

function joined(rows: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(rows.reduce((n, row) => n + row.length, 0));
  let at = 0;
  for (const row of rows) {
    all.set(row, at);
    at += row.length;
  }
  return all;
}
