/**
 * What a quantizer makes of a signal: `indices[q * frames + t]` is codebook q's choice in frame t,
 * in [0, codebookSize).
 */
export interface Codes {
  readonly indices: Int32Array;
  readonly codebooks: number;
  readonly frames: number;
  readonly codebookSize: number;
  /** For codecs that cut the signal into segments coded each on its own: the segments, in order. */
  readonly segments?: readonly CodesSegment[];
}

export interface CodesSegment {
  /** Frames of this segment. */
  readonly frames: number;
  /** What the decoded segment is multiplied by; 1 where the codec does not normalise loudness. */
  readonly scale: number;
}

/** The frames [from, to) of `codes`, copied. A segment goes where its first frame goes. */
export function sliceFrames(codes: Codes, from: number, to: number): Codes {
  const frames = to - from;
  const indices = new Int32Array(codes.codebooks * frames);
  for (let q = 0; q < codes.codebooks; q++) {
    indices.set(codes.indices.subarray(q * codes.frames + from, q * codes.frames + to), q * frames);
  }
  if (!codes.segments) return { ...codes, indices, frames };
  let at = 0;
  const segments = codes.segments.filter((segment) => {
    const start = at;
    at += segment.frames;
    return start >= from && start < to;
  });
  return { ...codes, indices, frames, segments };
}

/** Frames of several code blocks, one after another. All must agree in codebooks and codebook size. */
export function concatFrames(
  blocks: readonly Codes[],
  shape: Pick<Codes, 'codebooks' | 'codebookSize'>,
): Codes {
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
  const joined = { indices, codebooks: shape.codebooks, codebookSize: shape.codebookSize, frames };
  const segments = blocks.flatMap((block) => block.segments ?? []);
  return segments.length > 0 ? { ...joined, segments } : joined;
}
