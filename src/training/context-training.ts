import type { Codes } from '../core/codes.ts';
import type { Rng } from '../core/rng.ts';
import { treesOf } from '../entropy/context-model.ts';
import { EMBEDDING_UNIT, HIDDEN_UNIT, LAYER_UNIT, MEAN_FRAMES } from '../entropy/context-network.ts';
import { LOGIT_UNIT, MAX_LOGIT } from '../entropy/logistic.ts';
import type { ContextTables } from '../entropy/model-tables.ts';

export interface ContextTraining {
  readonly hidden: number;
  readonly epochs: number;
  /** Step of the node weights; the layers' is a third of it. */
  readonly rate: number;
  /** Numbers of codebooks files come with: each chunk is shown with one of them, drawn at random. */
  readonly codebookCounts: readonly number[];
  readonly rng: Rng;
}

const LAYER_RATE = 0.3;
/** Squared gradients that AdaGrad assumes it has seen. */
const NODE_START = 0.1;
const LAYER_START = 1e-8;

/** A matrix under training, with AdaGrad's sums of squared gradients (Duchi, Hazan & Singer 2011). */
class Trained {
  readonly values: Float32Array;
  readonly squares: Float32Array;

  constructor(size: number, spread: number, start: number, rng: Rng) {
    this.values = Float32Array.from({ length: size }, () => spread * (2 * rng.uniform() - 1));
    this.squares = new Float32Array(size).fill(start);
  }

  /** Moves `count` values from `at` along `factor` times `inputs`. */
  move(at: number, count: number, factor: number, inputs: Float32Array, rate: number): void {
    const { values, squares } = this;
    for (let i = 0; i < count; i++) {
      const gradient = factor * inputs[i]!;
      if (gradient === 0) continue;
      squares[at + i]! += gradient * gradient;
      values[at + i]! += (rate * gradient) / Math.sqrt(squares[at + i]!);
    }
  }
}

/**
 * Trains a `ContextNetwork` on chunks of codes by stochastic gradient on the coded bits, one index at a time, and rounds it
 * to the integers it computes with. `start` gives what is not trained (ranks, embeddings, sizes) and the node biases to begin
 * with, in units of 1 / 256.
 */
export function trainContext(
  chunks: readonly Codes[],
  start: Pick<
    ContextTables,
    'codebooks' | 'codebookSize' | 'features' | 'ranks' | 'embeddings' | 'nodeBiases'
  >,
  { hidden: units, epochs, rate, codebookCounts, rng }: ContextTraining,
): Pick<ContextTables, 'hidden' | 'layers' | 'nodeWeights' | 'nodeBiases'> {
  const { codebooks, codebookSize, features } = start;
  const trees = treesOf(start);
  const nodes = start.nodeBiases.length / codebooks;
  const width = 4 * features + 2;
  const embeddings = Float32Array.from(start.embeddings, (v) => v / EMBEDDING_UNIT);
  const layers = new Trained(codebooks * units * width, 0.1, LAYER_START, rng);
  const nodeWeights = new Trained(codebooks * nodes * units, 0.1, NODE_START, rng);
  const biases = new Trained(codebooks * nodes, 0, NODE_START, rng);
  for (let i = 0; i < biases.values.length; i++) biases.values[i] = start.nodeBiases[i]! / LOGIT_UNIT;

  const input = new Float32Array(width);
  const hidden = new Float32Array(units);
  const gradient = new Float32Array(units);
  const one = Float32Array.of(1);

  const learnIndex = (q: number, index: number, step: number): void => {
    for (let i = 0, at = q * units * width; i < units; i++, at += width) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += layers.values[at + k]! * input[k]!;
      hidden[i] = sum > 0 ? sum : 0;
    }
    gradient.fill(0);
    const tree = trees[q]!;
    const leaf = tree.nodes + tree.ranks[index]!;
    for (let level = 0; level < tree.depth; level++) {
      const node = leaf >>> (tree.depth - level);
      if (!tree.isOpen(node, level)) continue;
      const at = q * nodes + node;
      let logit = biases.values[at]!;
      for (let i = 0; i < units; i++) logit += nodeWeights.values[at * units + i]! * hidden[i]!;
      const bit = (leaf >>> (tree.depth - level - 1)) & 1;
      const error = bit - 1 / (1 + Math.exp(-logit));
      for (let i = 0; i < units; i++) gradient[i]! += error * nodeWeights.values[at * units + i]!;
      biases.move(at, 1, error, one, step);
      nodeWeights.move(at * units, units, error, hidden, step);
    }
    for (let i = 0; i < units; i++) {
      if (hidden[i]! > 0) {
        layers.move((q * units + i) * width, width, gradient[i]!, input, LAYER_RATE * step);
      }
    }
  };

  const learnChunk = ({ indices, frames }: Codes, count: number, step: number): void => {
    input.fill(0);
    input[width - 1] = 1;
    for (let t = 0; t < frames; t++) {
      for (let q = 0; q < count; q++) {
        const index = indices[q * frames + t]!;
        learnIndex(q, index, step);
        const from = (q * codebookSize + index) * features;
        for (let k = 0; k < features; k++) input[3 * features + k]! += embeddings[from + k]!;
      }
      for (let k = 0; k < features; k++) {
        const value = input[3 * features + k]!;
        input[features + k] = input[k]!;
        input[k] = value;
        const mean = input[2 * features + k]!;
        input[2 * features + k] = t === 0 ? value : mean + (value - mean) / MEAN_FRAMES;
        input[3 * features + k] = 0;
      }
      input[width - 2] = 1;
    }
  };

  for (let epoch = 0; epoch < epochs; epoch++) {
    const step = rate * settle(epochs - epoch);
    for (const chunk of rng.shuffled(chunks)) {
      const count = codebookCounts[rng.int(codebookCounts.length)]!;
      learnChunk(chunk, Math.min(count, chunk.codebooks), step);
    }
  }
  const clampLogit = (v: number) => Math.max(-4 * MAX_LOGIT, Math.min(4 * MAX_LOGIT, Math.round(v)));
  return {
    hidden: units,
    layers: Int32Array.from(layers.values, (v) => Math.round(v * LAYER_UNIT)),
    nodeWeights: Int32Array.from(nodeWeights.values, (v) => Math.round(v * HIDDEN_UNIT)),
    nodeBiases: Int32Array.from(biases.values, (v) => clampLogit(v * LOGIT_UNIT)),
  };
}

/** Share of the step with so many epochs left: the last is a quarter, the one before a half. */
function settle(left: number): number {
  return left === 1 ? 0.25 : left === 2 ? 0.5 : 1;
}
