import type { Codes } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import { CompressingCoder } from './compressing-coder.ts';
import { badPayload, type CodesShape, MODES } from './entropy-coder.ts';
import { FrequencyTable, TOTAL_BITS } from './frequency-table.ts';
import { RangeDecoder, RangeEncoder } from './range-coder.ts';

/**
 * Range coding with one fixed table per codebook, stored beside the weights. Codebook after codebook, so that one
 * table at a time is in the processor's cache.
 */
export class StaticRangeCoder extends CompressingCoder {
  private readonly tables: readonly FrequencyTable[];

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
    super(rows, codebookSize, MODES.staticRange);
    this.tables = Array.from(
      { length: rows },
      (_, q) => new FrequencyTable(frequencies.subarray(q * codebookSize, (q + 1) * codebookSize)),
    );
  }

  protected override compress({ indices, codebooks, frames }: Codes, roomBytes: number): Uint8Array {
    const encoder = new RangeEncoder(roomBytes);
    for (let q = 0; q < codebooks; q++) {
      const { cumulative } = this.tables[q]!;
      for (let i = q * frames; i < (q + 1) * frames; i++) {
        const symbol = indices[i]!;
        const start = cumulative[symbol]!;
        encoder.encode(start, cumulative[symbol + 1]! - start, TOTAL_BITS);
      }
    }
    return encoder.finish();
  }

  protected override expand(bytes: Uint8Array, { codebooks, frames }: CodesShape): Int32Array<ArrayBuffer> {
    const decoder = new RangeDecoder(bytes);
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
    if (decoder.hasUnusedBytes) throw badPayload(`${bytes.length} bytes`, 'fewer for these codes');
    return indices;
  }

  override codebookBits({ indices, codebooks, frames }: Codes): Float64Array {
    const bits = new Float64Array(codebooks);
    for (let q = 0; q < codebooks; q++) {
      const row = indices.subarray(q * frames, (q + 1) * frames);
      for (const symbol of row) bits[q]! += this.tables[q]!.bits(symbol);
    }
    return bits;
  }
}
