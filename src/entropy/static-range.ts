import type { Codes } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import {
  assertCodes,
  badPayload,
  type Coded,
  type CodesShape,
  type EntropyCoder,
  MAX_INDICES,
  MODES,
  nominalBytes,
} from './entropy-coder.ts';
import { FrequencyTable, TOTAL_BITS } from './frequency-table.ts';
import { RangeDecoder, RangeEncoder } from './range-coder.ts';
import { rawCoder } from './raw.ts';

/**
 * Range coding with one fixed table per codebook, stored beside the weights. Codebook after codebook, so that one
 * table at a time is in the processor's cache. Chunks that would not become smaller are written as plain bits.
 */
export class StaticRangeCoder implements EntropyCoder {
  private readonly tables: readonly FrequencyTable[];
  private readonly codebookSize: number;

  /**
   * `frequencies` [codebooks, codebookSize], each row as `frequenciesFromCounts` makes it. Throws `bad-weights` if a
   * row is invalid. Codes may have fewer codebooks than there are tables.
   */
  constructor(frequencies: Int32Array, codebookSize: number) {
    const rows = frequencies.length / codebookSize;
    if (!Number.isInteger(rows) || rows < 1) {
      throw new CodecError('bad-weights', {
        what: 'the entropy coding tables do not fit the codebooks',
        found: `${frequencies.length} frequencies`,
        expected: `a positive multiple of the codebook size ${codebookSize}`,
      });
    }
    this.codebookSize = codebookSize;
    this.tables = Array.from(
      { length: rows },
      (_, q) => new FrequencyTable(frequencies.subarray(q * codebookSize, (q + 1) * codebookSize)),
    );
  }

  encode(codes: Codes): Coded {
    assertCodes(codes);
    const { indices, codebooks, frames } = codes;
    if (!this.covers(codes)) {
      throw new CodecError('bad-argument', { what: 'cannot code these codes', ...this.mismatch(codes) });
    }
    const nominal = nominalBytes(codes);
    const encoder = new RangeEncoder(nominal + 16);
    for (let q = 0; q < codebooks; q++) {
      const { cumulative } = this.tables[q]!;
      for (let i = q * frames; i < (q + 1) * frames; i++) {
        const symbol = indices[i]!;
        const start = cumulative[symbol]!;
        encoder.encode(start, cumulative[symbol + 1]! - start, TOTAL_BITS);
      }
    }
    const bytes = encoder.finish();
    return bytes.length < nominal ? { bytes, mode: MODES.staticRange } : rawCoder.encode(codes);
  }

  decode(coded: Coded, shape: CodesShape): Codes {
    if (coded.mode !== MODES.staticRange) return rawCoder.decode(coded, shape);
    const { codebooks, frames } = shape;
    if (!this.covers(shape)) {
      const { found, expected } = this.mismatch(shape);
      throw badPayload(found, expected);
    }
    const decoder = new RangeDecoder(coded.bytes);
    const indices = new Int32Array(codebooks * frames);
    for (let q = 0; q < codebooks; q++) {
      const table = this.tables[q]!;
      const { cumulative } = table;
      for (let i = q * frames; i < (q + 1) * frames; i++) {
        const symbol = table.symbolAt(decoder.peek(TOTAL_BITS));
        const start = cumulative[symbol]!;
        decoder.consume(start, cumulative[symbol + 1]! - start, TOTAL_BITS);
        indices[i] = symbol;
      }
    }
    if (decoder.hasUnusedBytes) throw badPayload(`${coded.bytes.length} bytes`, 'fewer for these codes');
    return { ...shape, indices };
  }

  codebookBits({ indices, codebooks, frames }: Codes): Float64Array {
    const bits = new Float64Array(codebooks);
    for (let q = 0; q < codebooks; q++) {
      const row = indices.subarray(q * frames, (q + 1) * frames);
      for (const symbol of row) bits[q]! += this.tables[q]!.bits(symbol);
    }
    return bits;
  }

  private covers({ codebooks, frames, codebookSize }: CodesShape): boolean {
    const fits = codebooks <= this.tables.length && codebookSize === this.codebookSize;
    return fits && codebooks * frames <= MAX_INDICES;
  }

  private mismatch({ codebooks, frames, codebookSize }: CodesShape): { found: string; expected: string } {
    return {
      found: `${codebooks} codebooks of ${codebookSize}, ${frames} frames`,
      expected: `at most ${this.tables.length} of ${this.codebookSize}, ${MAX_INDICES} indices`,
    };
  }
}
