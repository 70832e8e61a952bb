import type { Layout } from './layout.ts';

/** Every position of every stream for a signal of some length. */
export interface Plan {
  readonly frames: number;
  /** Positions of each stream. */
  readonly length: number;
  /** `codebook[stream][position]`: whose code stands there; -1 for padding. */
  readonly codebook: readonly Int16Array[];
  /** `index[stream][position]`: which of that codebook's entries. */
  readonly index: readonly Int32Array[];
}

/** Works a layout out for `frames` frames. */
export function planOf(layout: Layout, frames: number): Plan {
  const { streams } = layout;
  const length = lengthOf(layout, frames);
  const codebook = Array.from({ length: streams }, () => new Int16Array(length).fill(-1));
  const index = Array.from({ length: streams }, () => new Int32Array(length));
  for (const [q, rate] of layout.shape.rates.entries()) {
    for (let i = 0; i < frames * rate; i++) {
      const { stream, position } = layout.place(q, i, frames);
      codebook[stream]![position] = q;
      index[stream]![position] = i;
    }
  }
  return { frames, length, codebook, index };
}

/** Positions that `frames` frames take: up to the last one with a code. Never fewer for more frames. */
export function lengthOf(layout: Layout, frames: number): number {
  let length = 0;
  // Streams are late by different amounts, so that an earlier frame may end later: but not one from another turn.
  for (let frame = Math.max(0, frames - layout.streams); frame < frames; frame++) {
    for (const [q, rate] of layout.shape.rates.entries()) {
      for (let i = frame * rate; i < (frame + 1) * rate; i++) {
        length = Math.max(length, layout.place(q, i, frames).position + 1);
      }
    }
  }
  return length;
}
