import type { Codes } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';

/** How a payload is coded; stored with each chunk, 0 to 15. Never reuse a number. */
export const MODES = { raw: 0, staticRange: 1, context: 2, mix: 3 } as const;

/** Indices in one payload, at most: a few bytes may claim to be any number of likely ones. */
export const MAX_INDICES = 2 ** 24;

export type CodesShape = Omit<Codes, 'indices'>;

/** A chunk's codes as bytes. */
export interface Coded {
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/**
 * codes <-> bytes, one chunk a call; chunks do not depend on each other. Codes never take more bytes than
 * `nominalBytes`. What the decoder needs are integers: bits mean the same on every machine.
 */
export interface EntropyCoder {
  /** Throws `bad-argument` for indices out of range. */
  encode(codes: Codes): Coded;
  /**
   * Throws `bad-container` for a mode that is not this coder's and for bytes that cannot be of this shape. Other wrong
   * bytes give wrong indices, all in [0, codebookSize).
   */
  decode(coded: Coded, shape: CodesShape): Codes;
  /**
   * [codebooks]: bits that each codebook's indices take; payloads that are not plain bits come within 4 bytes of their
   * sum. For reports only: they are floats.
   */
  codebookBits(codes: Codes): Float64Array;
}

/** Bits of an index in [0, codebookSize) written plainly: ceil(log2 codebookSize). */
export function bitsPerIndex(codebookSize: number): number {
  return codebookSize > 1 ? 32 - Math.clz32(codebookSize - 1) : 0;
}

/** Bytes of codes written plainly. */
export function nominalBytes({ codebooks, frames, codebookSize }: CodesShape): number {
  return Math.ceil((codebooks * frames * bitsPerIndex(codebookSize)) / 8);
}

/** Throws `bad-argument` unless the indices fill their shape and are in range. */
export function assertCodes({ indices, codebooks, frames, codebookSize }: Codes): void {
  const expected = `${codebooks} * ${frames} indices below ${codebookSize}`;
  const what = 'cannot code these codes';
  if (indices.length !== codebooks * frames) {
    throw new CodecError('bad-argument', { what, found: `${indices.length} indices`, expected });
  }
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (index < 0 || index >= codebookSize) {
      throw new CodecError('bad-argument', { what, found: `index ${index}`, expected });
    }
  }
}

/** A payload that cannot be decoded. */
export function badPayload(found: string, expected: string, remedy?: string): CodecError {
  const parts = { what: "cannot decode a chunk's codes", found, expected };
  return new CodecError('bad-container', remedy === undefined ? parts : { ...parts, remedy });
}
