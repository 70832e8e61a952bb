import type { ContextTables } from './model-tables.ts';

/** Units of an embedding are 1 / 32, of a layer's weights 1 / 4096, of hidden values and node weights 1 / 64. */
export const EMBEDDING_UNIT = 32;
export const LAYER_UNIT = 4096;
export const HIDDEN_UNIT = 64;
/** The running mean of the embeddings of past frames moves 1 / 16 of the way each frame. */
export const MEAN_FRAMES = 16;
export const MAX_HIDDEN = 2 ** 14;

const LAYER_SCALE = HIDDEN_UNIT / (LAYER_UNIT * EMBEDDING_UNIT);
/** Log-odds are in units of 1 / 256. */
const NODE_SCALE = 256 / HIDDEN_UNIT ** 2;

/**
 * A small network that predicts the binary decisions of the next index from the codes before it: a hierarchical softmax
 * (Mnih & Hinton 2008, "A scalable hierarchical distributed language model") over sums of embeddings of codes, as in NADE
 * (Larochelle & Murray 2011).
 *
 * A code has an embedding; a frame is the sum of those of its codes. For each codebook q,
 *
 *     hidden_q = relu(layer_q . [last frame, the one before, running mean of frames, codes of this frame so far, begun, 1])
 *     log-odds at a node of q's tree = nodeWeights . hidden_q + nodeBias
 *
 * where `begun` is 0 in the first frame. Weights and values are integers held in doubles. No product or sum reaches 2^53, so
 * all are exact, and the result is the same on every machine.
 */
export class ContextNetwork {
  private readonly tables: ContextTables;
  private readonly embeddings: Float64Array;
  private readonly layers: Float64Array;
  private readonly nodeWeights: Float64Array;
  private readonly nodes: number;
  /** [last frame, the one before, mean, this frame so far, begun, 1] */
  private readonly input: Float64Array;
  /** MEAN_FRAMES times the mean. */
  private readonly meanSum: Float64Array;
  private readonly hidden: Float64Array;
  private codebook = 0;

  constructor(tables: ContextTables) {
    this.tables = tables;
    this.embeddings = Float64Array.from(tables.embeddings);
    this.layers = Float64Array.from(tables.layers);
    this.nodeWeights = Float64Array.from(tables.nodeWeights);
    this.nodes = tables.nodeBiases.length / tables.codebooks;
    this.input = new Float64Array(4 * tables.features + 2);
    this.meanSum = new Float64Array(tables.features);
    this.hidden = new Float64Array(tables.hidden);
  }

  /** Forgets all frames. */
  reset(): void {
    this.input.fill(0);
    this.meanSum.fill(0);
    this.input[this.input.length - 1] = EMBEDDING_UNIT;
  }

  /** Computes what is known about the next index, which is of this codebook. */
  begin(codebook: number): void {
    const { input, hidden, layers } = this;
    const width = input.length;
    let at = codebook * hidden.length * width;
    for (let i = 0; i < hidden.length; i++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += layers[at + k]! * input[k]!;
      at += width;
      hidden[i] = sum > 0 ? Math.min(MAX_HIDDEN, Math.floor(sum * LAYER_SCALE)) : 0;
    }
    this.codebook = codebook;
  }

  /** Log-odds that the decision at `node` is 1. */
  logit(node: number): number {
    const { hidden, nodeWeights } = this;
    const at = this.codebook * this.nodes + node;
    const from = at * hidden.length;
    let sum = 0;
    for (let i = 0; i < hidden.length; i++) sum += nodeWeights[from + i]! * hidden[i]!;
    return Math.floor(sum * NODE_SCALE) + this.tables.nodeBiases[at]!;
  }

  /** The index of the codebook that `begin` named. */
  end(index: number): void {
    const { features, codebookSize } = this.tables;
    const from = (this.codebook * codebookSize + index) * features;
    const now = 3 * features;
    for (let k = 0; k < features; k++) this.input[now + k]! += this.embeddings[from + k]!;
  }

  /** All indices of the frame are known. */
  endFrame(): void {
    const { input, meanSum } = this;
    const { features } = this.tables;
    const begun = 4 * features;
    for (let k = 0; k < features; k++) {
      const value = input[3 * features + k]!;
      input[features + k] = input[k]!;
      input[k] = value;
      if (input[begun] === 0) meanSum[k] = MEAN_FRAMES * value;
      else meanSum[k]! += value - Math.floor(meanSum[k]! / MEAN_FRAMES);
      input[2 * features + k] = Math.floor(meanSum[k]! / MEAN_FRAMES);
      input[3 * features + k] = 0;
    }
    input[begun] = EMBEDDING_UNIT;
  }
}
