/**
 * How DeepCABAC codes the level of a weight (Wiedemann et al., "DeepCABAC: A Universal Compression Algorithm for Deep Neural
 * Networks", arXiv:1907.11900, section III-B): a significance bin, bins "greater than 1, 2", an Exp-Golomb remainder and a
 * sign. Contexts come from the neighbours, summed up as the running mean magnitude of the row and of the column. Two
 * changes for weights that are mostly not 0: where neighbours are large the order of the Exp-Golomb code grows with them
 * instead of having more greater-than bins, and the highest bit of a remainder has a context. Signs are bypassed.
 */

/** Contexts of a class of neighbourhoods, in this order: significance, greater than 1 and 2, prefix bins, highest bits. */
export const SIGNIFICANCE = 0;
export const GREATER = 1;
export const PREFIX = 3;
export const HIGHEST = 14;
export const STRIDE = 32;
/** Prefix bins from this one on share a context, as do highest bits. */
export const LAST_PREFIX = HIGHEST - PREFIX - 1;
export const LAST_HIGHEST = STRIDE - HIGHEST - 1;

const MAX_ACTIVITY = 16_383;
/** A level this large counts as no larger. */
const MAX_MAGNITUDE = 4096;
/** Running means move by 2^-MEAN_BITS of their distance to a magnitude, and are kept times 2^MEAN_BITS. */
const MEAN_BITS = 4;

/** Class of an activity (32 times the mean magnitude around): two a power of two. */
export const classOf = Uint8Array.from({ length: MAX_ACTIVITY + 1 }, (_, activity) => {
  // The floor of twice the logarithm, without one: floats may differ between machines.
  const doubled = 31 - Math.clz32(Math.max(activity, 1) ** 2);
  return Math.max(0, doubled - 4);
});

const CLASSES = classOf[MAX_ACTIVITY]! + 1;
export const LEVEL_CONTEXTS = CLASSES * STRIDE;

/** Order of the Exp-Golomb code in a class: 2^order is about half the mean magnitude. 0: greater-than bins come first. */
export const orderOf = Uint8Array.from({ length: CLASSES }, (_, c) => Math.max(0, ((c + 5) >> 1) - 6));

/** Largest magnitude of a level: all parts of its code stay below 2^31. */
export const MAX_LEVEL = 2 ** 30 - 1;
/** Remainders are at most this wide. */
export const MAX_WIDTH = 30;

/** Shifts of the two-rate contexts: neighbouring weights are alike for longer than pictures are. */
export const WINDOWS = { fast: 5, slow: 8 } as const;

/** What is known about the neighbours of the next level, row after row. */
export class Neighbours {
  /** 16 times the running mean magnitude of the row, which goes on over its end, and of each column. */
  private row = 0;
  private readonly columns: Int32Array;
  private x = 0;

  constructor(rowLength: number) {
    this.columns = new Int32Array(rowLength);
  }

  /** Class of the next level. */
  next(): number {
    return classOf[Math.min(this.row + this.columns[this.x]!, MAX_ACTIVITY)]!;
  }

  /** Takes in the magnitude of that level. */
  add(magnitude: number): void {
    const m = Math.min(magnitude, MAX_MAGNITUDE);
    const column = this.columns[this.x]!;
    this.row += m - (this.row >> MEAN_BITS);
    this.columns[this.x] = column + m - (column >> MEAN_BITS);
    this.x = this.x + 1 === this.columns.length ? 0 : this.x + 1;
  }
}
