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
 * Read like this, chunk after chunk, a layer sees exactly the frames it would see in the whole signal (reflect padding as
 * EnCodec's pad1d: a signal too short to reflect is first lengthened with zeros on the right, which are cut off after).
 */
export function chunkIndices(
  left: number,
  mode: 'reflect' | 'zero',
  stride: number,
  { offset, valid, capacity, last }: ChunkPosition,
): Int32Array<ArrayBuffer> {
  const zero = left + capacity;
  const indices = new Int32Array(left + capacity);
  // In the middle of a signal every frame comes from where it lies.
  for (let i = 0; i < indices.length; i++) indices[i] = i;
  const end = offset + valid;
  const extra = last ? extraPadding(end, stride) : 0;
  const reflects = mode === 'reflect' && !(last && end <= Math.max(left, extra));
  // What the place of a frame at `position` of the signal is among those at hand.
  const place = (position: number) => {
    const index = position - (offset - left);
    return position >= 0 && position < end && index >= 0 && index < zero ? index : zero;
  };
  for (let i = 0; i < left - offset; i++) indices[i] = mode === 'reflect' ? place(left - offset - i) : zero;
  for (let i = left + valid; i < indices.length; i++) {
    const beyond = i - left - valid;
    indices[i] = reflects && beyond < extra ? place(end - 2 - beyond) : zero;
  }
  return indices;
}

/** Those indices laid out as windows of `kernel` frames, `stride` apart: [frames, kernel]. */
export function windowIndices(padded: Int32Array, kernel: number, stride: number): Int32Array<ArrayBuffer> {
  const frames = (padded.length - kernel) / stride + 1;
  const indices = new Int32Array(frames * kernel);
  for (let frame = 0; frame < frames; frame++) {
    indices.set(padded.subarray(frame * stride, frame * stride + kernel), frame * kernel);
  }
  return indices;
}
