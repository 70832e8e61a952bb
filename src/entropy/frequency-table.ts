import { CodecError } from '../core/errors.ts';

export const TOTAL_BITS = 16;
export const TOTAL = 1 << TOTAL_BITS;

const BUCKET_BITS = 12;
/** Up to here the arithmetic below is exact. */
const MAX_COUNT_SUM = 2 ** 36;

/** One symbol alphabet with fixed integer frequencies: cumulative sums and the way back from them. */
export class FrequencyTable {
  /** `cumulative[s]`: sum of the frequencies before symbol s; one more entry holds the total. */
  readonly cumulative: Int32Array;
  /** `buckets[v >>> 4]`: the symbol at the start of that stretch of [0, TOTAL). */
  private readonly buckets: Uint16Array;

  /** Throws `bad-weights` unless each frequency is an integer of at least 1 and they sum to 2^16. */
  constructor(frequencies: ArrayLike<number>) {
    const size = frequencies.length;
    this.cumulative = new Int32Array(size + 1);
    let sum = 0;
    for (let s = 0; s < size; s++) {
      const frequency = frequencies[s]!;
      if (!Number.isInteger(frequency) || frequency < 1) throw badTable(`frequency ${frequency}`);
      sum += frequency;
      this.cumulative[s + 1] = Math.min(sum, TOTAL);
    }
    if (sum !== TOTAL) throw badTable(`a sum of ${sum}`);
    this.buckets = new Uint16Array(1 << BUCKET_BITS);
    const width = TOTAL >>> BUCKET_BITS;
    for (let b = 0, s = 0; b < this.buckets.length; b++) {
      while (this.cumulative[s + 1]! <= b * width) s++;
      this.buckets[b] = s;
    }
  }

  get size(): number {
    return this.cumulative.length - 1;
  }

  /** The symbol whose interval holds `value` in [0, TOTAL). */
  symbolAt(value: number): number {
    const { cumulative } = this;
    let symbol = this.buckets[value >>> (TOTAL_BITS - BUCKET_BITS)]!;
    // At most 15 steps, as each symbol of a bucket takes one of its 16 values.
    while (cumulative[symbol + 1]! <= value) symbol++;
    return symbol;
  }

  /** Ideal code length of a symbol. For estimates only: it is a float. */
  bits(symbol: number): number {
    return TOTAL_BITS - Math.log2(this.cumulative[symbol + 1]! - this.cumulative[symbol]!);
  }
}

function badTable(found: string): CodecError {
  return new CodecError('bad-weights', {
    what: 'an entropy coding table is invalid',
    found,
    expected: `integers of at least 1 that sum to ${TOTAL}`,
    remedy: 'Make the tables with frequenciesFromCounts.',
  });
}

/**
 * Integer frequencies in proportion to `counts` (a histogram over the symbols, at most 2^16 of them), each at least 1,
 * summing to 2^16. The same counts give the same frequencies everywhere. Symbols whose share is below 1 get 1; the
 * others share the rest by largest remainders, the lower symbol first where equal. All zero counts are as all equal.
 * Throws `bad-argument` for counts that are not non-negative integers, or too many.
 */
export function frequenciesFromCounts(counts: ArrayLike<number>): Int32Array {
  const size = counts.length;
  const sum = checkedSum(counts);
  const weights = sum > 0 ? counts : new Int32Array(size).fill(1);
  const frequencies = new Int32Array(size).fill(1);
  let open = Array.from({ length: size }, (_, s) => s);
  let openSum = sum > 0 ? sum : size;
  let mass = TOTAL;
  // Raising small shares to 1 lowers the others, some of them perhaps below 1 in turn.
  for (;;) {
    const small = open.filter((s) => weights[s]! * mass < openSum);
    if (small.length === 0) break;
    open = open.filter((s) => weights[s]! * mass >= openSum);
    mass -= small.length;
    for (const s of small) openSum -= weights[s]!;
  }
  let left = mass;
  const remainders = new Float64Array(size);
  for (const s of open) {
    const product = weights[s]! * mass;
    remainders[s] = product % openSum;
    frequencies[s] = (product - remainders[s]!) / openSum;
    left -= frequencies[s]!;
  }
  open.sort((a, b) => remainders[b]! - remainders[a]! || a - b);
  for (const s of open.slice(0, left)) frequencies[s]!++;
  return frequencies;
}

function checkedSum(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let s = 0; s < counts.length; s++) {
    const count = counts[s]!;
    if (!Number.isSafeInteger(count) || count < 0) throw badCounts(`count ${count} of symbol ${s}`);
    sum += count;
  }
  if (counts.length < 1 || counts.length > TOTAL) throw badCounts(`${counts.length} symbols`);
  if (sum > MAX_COUNT_SUM) throw badCounts(`${sum} in all`);
  return sum;
}

function badCounts(found: string): CodecError {
  return new CodecError('bad-argument', {
    what: 'cannot make an entropy coding table of these counts',
    found,
    expected: `1 to ${TOTAL} non-negative integers, at most ${MAX_COUNT_SUM} in all`,
  });
}
