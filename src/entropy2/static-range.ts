import { CodecError } from '../core/errors.ts';
import type { EntropyCoder } from './entropy-coder.ts';
import { FrequencyTable, TOTAL_BITS } from './frequency-table.ts';
import { RangeDecoder, RangeEncoder } from './range-coder.ts';
import { decodeRaw, RAW_MODE, rawCoder, unknownMode } from './raw.ts';

const STATIC_MODE = 1;

/**
 * Range coding with one fixed table per codebook, stored beside the weights. A chunk it would make longer than plain
 * bits is written in plain bits.
 * @param frequencies [codebooks, codebookSize], rows as `frequenciesFrom` makes them
 */
export function staticRangeCoder(frequencies: ArrayLike<number>, codebookSize: number): EntropyCoder {
  const rows = Array.from({ length: frequencies.length / codebookSize }, (_, q) =>
    Array.prototype.slice.call(frequencies, q * codebookSize, (q + 1) * codebookSize),
  );
  const tables = rows.map((row) => new FrequencyTable(row));
  const tablesFor = (codebooks: number): FrequencyTable[] => {
    if (codebooks <= tables.length) return tables.slice(0, codebooks);
    throw new CodecError('bad-weights', {
      what: 'there are too few entropy tables',
      found: `${tables.length}`,
      expected: `one for each of ${codebooks} codebooks`,
    });
  };

  return {
    encode(codes) {
      const { indices, codebooks, frames } = codes;
      const used = tablesFor(codebooks);
      const plain = rawCoder.encode(codes);
      const encoder = new RangeEncoder(plain.bytes.length + 16);
      for (let t = 0; t < frames; t++) {
        for (let q = 0; q < codebooks; q++) {
          const { starts } = used[q]!;
          const symbol = indices[q * frames + t]!;
          encoder.encode(starts[symbol]!, starts[symbol + 1]! - starts[symbol]!, TOTAL_BITS);
        }
      }
      const bytes = encoder.finish();
      return bytes.length < plain.bytes.length ? { bytes, mode: STATIC_MODE } : plain;
    },

    decode({ bytes, mode }, shape) {
      if (mode === RAW_MODE) return decodeRaw(bytes, shape);
      if (mode !== STATIC_MODE) throw unknownMode(mode);
      const { codebooks, frames } = shape;
      const used = tablesFor(codebooks);
      const decoder = new RangeDecoder(bytes);
      const indices = new Int32Array(codebooks * frames);
      for (let t = 0; t < frames; t++) {
        for (let q = 0; q < codebooks; q++) {
          const table = used[q]!;
          const symbol = table.symbolAt(decoder.peek(TOTAL_BITS));
          const start = table.starts[symbol]!;
          decoder.consume(start, table.starts[symbol + 1]! - start, TOTAL_BITS);
          indices[q * frames + t] = symbol;
        }
      }
      return { ...shape, indices };
    },
  };
}
