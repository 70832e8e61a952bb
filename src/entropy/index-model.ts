import type { IndexTree } from './index-tree.ts';

/**
 * Predicts the indices of a chunk, decision by decision (see `IndexTree`), frame after frame and in each codebook after
 * codebook. It is told the truth after each prediction and may learn from it. Integers only: both ends of a file see the
 * same predictions.
 */
export interface IndexModel {
  /** The tree of each codebook it can predict. */
  readonly trees: readonly IndexTree[];
  /** A chunk begins: nothing is known of its past. */
  reset(): void;
  /** The next index is of this codebook. */
  begin(codebook: number): void;
  /** Probability, of 2^16 and in [1, 65535], that the decision at `node`, `level` decisions from the root, is 1. */
  predict(node: number, level: number): number;
  /** What the decision just predicted was. */
  update(bit: number): void;
  /** The index is known. */
  end(index: number): void;
  /** The frame is known. */
  endFrame(): void;
}
