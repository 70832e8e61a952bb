import type { Codes, CodesSegment } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';

/** Sound as tokens. */
export interface AudioTokens {
  /** `codes[q][t]`: codebook q's choice in frame t, in [0, codebookSize). */
  readonly codes: Int32Array[];
  /** Frames per second. */
  readonly frameRateHz: number;
  readonly codebookSize: number;
  /** Of the sound, which may end before its last frame does. */
  readonly durationSeconds: number;
  /** Of codecs that cut sound into segments with a loudness of their own: decoding needs them. */
  readonly segments?: readonly CodesSegment[];
}

/** Rows of indices as the codec's own codes. Throws `bad-argument` for rows of different lengths, or none. */
export function codesOfRows(
  rows: readonly Int32Array[],
  codebookSize: number,
  segments?: readonly CodesSegment[],
): Codes {
  const frames = rows[0]?.length ?? 0;
  if (rows.length === 0 || rows.some((row) => row.length !== frames)) {
    throw new CodecError('bad-argument', {
      what: 'these codes do not fit the codec',
      found: `rows of ${rows.map((row) => row.length).join(', ') || 'no'} codes`,
      expected: 'a row for each codebook, all of one length',
    });
  }
  const indices = new Int32Array(rows.length * frames);
  for (const [q, row] of rows.entries()) indices.set(row, q * frames);
  return { indices, codebooks: rows.length, frames, codebookSize, ...(segments && { segments }) };
}

/** The codec's own codes as a row for each codebook. */
export function rowsOfCodes({ indices, codebooks, frames }: Codes): Int32Array[] {
  return Array.from({ length: codebooks }, (_, q) => indices.slice(q * frames, (q + 1) * frames));
}
