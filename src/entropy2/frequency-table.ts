import { CodecError } from '../core/errors.ts';

export const TOTAL_BITS = 16;
export const TOTAL = 2 ** TOTAL_BITS;

/**
 * Integer frequencies summing to 2^16, each at least 1, in proportion to `counts`. The same counts give the same
 * frequencies everywhere: only integer arithmetic and exact divisions decide.
 */
export function frequenciesFrom(counts: ArrayLike<number>): Int32Array<ArrayBuffer> {
  const size = counts.length;
  const spare = TOTAL - size;
  if (size < 1 || spare < 0) {
    throw new CodecError('bad-argument', {
      what: 'cannot make frequencies',
      found: `${size} symbols`,
      expected: `1 to ${TOTAL}`,
    });
  }
  let sum = 0;
  for (let i = 0; i < size; i++) sum += counts[i]!;
  const frequencies = new Int32Array(size).fill(1);
  const order = Array.from({ length: size }, (_, i) => i).sort((a, b) => counts[b]! - counts[a]! || a - b);
  let left = spare;
  for (let i = 0; i < size; i++) {
    const share = sum > 0 ? Math.floor((counts[i]! * spare) / sum) : Math.floor(spare / size);
    frequencies[i]! += share;
    left -= share;
  }
  // What rounding down left over goes to the most frequent.
  for (let i = 0; left > 0; i = (i + 1) % size, left--) frequencies[order[i]!]! += 1;
  return frequencies;
}

/** A frequency table ready for coding. */
export class FrequencyTable {
  /** starts[s] is where symbol s begins; one entry more than symbols. */
  readonly starts: Int32Array;
  private lookup: Uint16Array | undefined;

  /** @throws `bad-weights` unless the frequencies are positive and sum to 2^16 */
  constructor(frequencies: ArrayLike<number>) {
    this.starts = new Int32Array(frequencies.length + 1);
    let least = Number.POSITIVE_INFINITY;
    for (let s = 0; s < frequencies.length; s++) {
      least = Math.min(least, frequencies[s]!);
      this.starts[s + 1] = this.starts[s]! + frequencies[s]!;
    }
    const total = this.starts[frequencies.length];
    if (total !== TOTAL || least < 1) {
      throw new CodecError('bad-weights', {
        what: 'an entropy table is unusable',
        found: `a total of ${total} and a smallest frequency of ${least}`,
        expected: `${TOTAL} and at least 1`,
      });
    }
  }

  /** The symbol that owns a value in [0, 2^16). */
  symbolAt(value: number): number {
    this.lookup ??= this.buildLookup();
    return this.lookup[value]!;
  }

  private buildLookup(): Uint16Array {
    const lookup = new Uint16Array(TOTAL);
    for (let s = 0; s + 1 < this.starts.length; s++) lookup.fill(s, this.starts[s], this.starts[s + 1]);
    return lookup;
  }
}
