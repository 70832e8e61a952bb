import type { Codes } from '../core/codes.ts';

export type CodesShape = Omit<Codes, 'indices'>;

/** A chunk's codes as bytes, and how they were written. */
export interface Coded {
  readonly bytes: Uint8Array;
  /** Tells `decode` which way the coder chose; 0 to 15, stored with the chunk. */
  readonly mode: number;
}

/** codes <-> bytes, chunk by chunk, each by itself. Integers only: bits mean the same on every machine. */
export interface EntropyCoder {
  encode(codes: Codes): Coded;
  /** @throws `bad-container` when the mode is unknown; wrong bytes give wrong codes, in range all the same */
  decode(coded: Coded, shape: CodesShape): Codes;
}

/** Bits of one index written plainly. */
export function bitsPerIndex(codebookSize: number): number {
  return Math.max(1, Math.ceil(Math.log2(codebookSize)));
}
