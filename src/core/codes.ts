/**
 * What a quantizer makes of a signal: `indices[q * frames + t]` is codebook q's choice in frame t,
 * in [0, codebookSize).
 */
export interface Codes {
  readonly indices: Int32Array;
  readonly codebooks: number;
  readonly frames: number;
  readonly codebookSize: number;
}

/** The frames [from, to) of `codes`, copied. */
export function sliceFrames(codes: Codes, from: number, to: number): Codes {
  const frames = to - from;
  const indices = new Int32Array(codes.codebooks * frames);
  for (let q = 0; q < codes.codebooks; q++) {
    indices.set(codes.indices.subarray(q * codes.frames + from, q * codes.frames + to), q * frames);
  }
  return { ...codes, indices, frames };
}

/** Frames of several code blocks, one after another. All must agree in codebooks and codebook size. */
export function concatFrames(blocks: readonly Codes[], shape: Omit<Codes, 'indices' | 'frames'>): Codes {
  const frames = blocks.reduce((sum, block) => sum + block.frames, 0);
  const indices = new Int32Array(shape.codebooks * frames);
  let at = 0;
  for (const block of blocks) {
    for (let q = 0; q < shape.codebooks; q++) {
      const row = block.indices.subarray(q * block.frames, (q + 1) * block.frames);
      indices.set(row, q * frames + at);
    }
    at += block.frames;
  }
  return { indices, codebooks: shape.codebooks, codebookSize: shape.codebookSize, frames };
}
