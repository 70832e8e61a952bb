import type { Codes } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import {
  assertCodes,
  badPayload,
  type Coded,
  type CodesShape,
  type EntropyCoder,
  MAX_INDICES,
  nominalBytes,
} from './entropy-coder.ts';
import { rawCoder } from './raw.ts';

/** A coder for codes of at most so many codebooks of one size. Chunks that would not become smaller are written as plain bits. */
export abstract class CompressingCoder implements EntropyCoder {
  private readonly codebooks: number;
  private readonly codebookSize: number;
  private readonly mode: number;

  /** `mode`: the number under which chunks name the coder. */
  constructor(codebooks: number, codebookSize: number, mode: number) {
    this.codebooks = codebooks;
    this.codebookSize = codebookSize;
    this.mode = mode;
  }

  encode(codes: Codes): Coded {
    this.assertCovers(codes);
    const nominal = nominalBytes(codes);
    const bytes = this.compress(codes, nominal + 16);
    return bytes.length < nominal ? { bytes, mode: this.mode } : rawCoder.encode(codes);
  }

  decode(coded: Coded, shape: CodesShape): Codes {
    if (coded.mode !== this.mode) return rawCoder.decode(coded, shape);
    if (!this.covers(shape)) {
      const { found, expected } = this.mismatch(shape);
      throw badPayload(found, expected);
    }
    return { ...shape, indices: this.expand(coded.bytes, shape) };
  }

  abstract codebookBits(codes: Codes): Float64Array;

  /** Codes that are covered, as bytes; about so many at most. */
  protected abstract compress(codes: Codes, roomBytes: number): Uint8Array;

  /** Indices [codebooks, frames] of codes of a shape that is covered. Throws `bad-container` for bytes that none have. */
  protected abstract expand(bytes: Uint8Array, shape: CodesShape): Int32Array<ArrayBuffer>;

  /** Throws `bad-argument`. */
  protected assertCovers(codes: Codes): void {
    assertCodes(codes);
    if (this.covers(codes)) return;
    throw new CodecError('bad-argument', { what: 'cannot code these codes', ...this.mismatch(codes) });
  }

  private covers({ codebooks, frames, codebookSize }: CodesShape): boolean {
    const fits = codebooks <= this.codebooks && codebookSize === this.codebookSize;
    return fits && codebooks * frames <= MAX_INDICES;
  }

  private mismatch({ codebooks, frames, codebookSize }: CodesShape): { found: string; expected: string } {
    return {
      found: `${codebooks} codebooks of ${codebookSize}, ${frames} frames`,
      expected: `at most ${this.codebooks} of ${this.codebookSize}, ${MAX_INDICES} indices`,
    };
  }
}
