import { bitsPerIndex } from './entropy-coder.ts';

/**
 * Indices as binary decisions: the path from the root of a tree to a leaf, the leaves in an order of their own in which
 * indices that mean something similar are neighbours. Node 1 is the root, the children of node n are 2n and 2n + 1, leaf r
 * is number 2^depth + r. Where the right half of a node has no leaves there is nothing to decide.
 */
export class IndexTree {
  /** Decisions of an index, at most. */
  readonly depth: number;
  /** Place of each index among the leaves. */
  readonly ranks: Int32Array;
  /** The index at each leaf. */
  readonly indices: Int32Array;

  /** `ranks`: a permutation of [0, codebookSize); the indices as they are when left out. */
  constructor(codebookSize: number, ranks?: Int32Array) {
    this.depth = bitsPerIndex(codebookSize);
    this.ranks = ranks ?? Int32Array.from({ length: codebookSize }, (_, s) => s);
    this.indices = new Int32Array(codebookSize);
    for (let s = 0; s < codebookSize; s++) this.indices[this.ranks[s]!] = s;
  }

  /** Nodes there are room for; 0 is not one. */
  get nodes(): number {
    return 1 << this.depth;
  }

  /** Whether `node`, `level` decisions from the root, has leaves on its right. */
  isOpen(node: number, level: number): boolean {
    const below = this.depth - level;
    return ((2 * node + 1) << (below - 1)) - this.nodes < this.indices.length;
  }

  /** Sums of `values` (by index) below each node. */
  sums(values: ArrayLike<number>): Float64Array {
    const sums = new Float64Array(2 * this.nodes);
    for (let s = 0; s < values.length; s++) sums[this.nodes + this.ranks[s]!] = values[s]!;
    for (let node = this.nodes - 1; node > 0; node--) sums[node] = sums[2 * node]! + sums[2 * node + 1]!;
    return sums;
  }
}
