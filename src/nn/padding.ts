/**
 * Positions to read for a reflect-padded signal of `length` frames, from -left to length + right - 1: an index into the
 * signal, or -1 for a zero. A signal too short to reflect is first lengthened with zeros on the right, which are cut
 * off again after (EnCodec's pad1d).
 */
export function reflectIndices(length: number, left: number, right: number): Int32Array {
  const longest = Math.max(left, right);
  const extended = length <= longest ? longest + 1 : length;
  return Int32Array.from({ length: left + length + right }, (_, i) => {
    const at = Math.abs(i - left);
    const mirrored = at < extended ? at : 2 * (extended - 1) - at;
    return mirrored < length ? mirrored : -1;
  });
}

/** Frames to add at the end so that a layer of this stride sees a whole number of windows (EnCodec's extra padding). */
export function extraPadding(length: number, stride: number): number {
  return Math.ceil(length / stride) * stride - length;
}

export interface ChunkPosition {
  /** Frames of the signal before this chunk. */
  readonly offset: number;
  /** Frames of the signal in this chunk; the rest of it is filler. */
  readonly valid: number;
  /** Frames the chunk has room for. */
  readonly capacity: number;
  /** Whether the signal ends in this chunk. */
  readonly last: boolean;
}

/**
 * Where each frame of a padded chunk comes from, as an index into [carried context (left), chunk (capacity), one zero].
 * Read like this, chunk after chunk, a layer sees exactly the frames it would see in the whole signal.
 */
export function chunkIndices(
  left: number,
  mode: 'reflect' | 'zero',
  stride: number,
  at: ChunkPosition,
): Int32Array {
  const { offset, valid, capacity, last } = at;
  const zero = left + capacity;
  const end = offset + valid;
  // As long as the end is not in sight the signal counts as long enough to reflect.
  const right = last ? extraPadding(end, stride) : 0;
  const short = last && end <= Math.max(left, right);
  return Int32Array.from({ length: left + capacity }, (_, i) => {
    let position = offset - left + i;
    if (position < 0) {
      if (mode === 'zero') return zero;
      position = -position;
    }
    if (position >= end) {
      if (!last) return zero;
      if (short || mode === 'zero') return zero;
      position = 2 * (end - 1) - position;
    }
    const index = position - (offset - left);
    return index >= 0 && index < zero ? index : zero;
  });
}
