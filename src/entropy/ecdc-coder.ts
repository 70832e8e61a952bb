import type { LsbBitReader, LsbBitWriter } from '../bitstream/lsb-bits.ts';
import { CodecError } from '../core/errors.ts';

/**
 * The arithmetic coder of EnCodec's `.ecdc` files (encodec/quantization/ac.py), bit for bit. The reference keeps both ends
 * of an interval that is doubled until it holds 2^24 numbers. Its output is the lower end written in binary, so the encoder
 * here keeps that end's last bits, its carry and the width; the decoder needs no more than the width and the place of the
 * code in it. Numbers stay below 2^26, however long the reference's grow.
 */

const RANGE_BITS = 24;
const TOTAL = 2 ** RANGE_BITS;
/** Bits of the lower end that are still being added to: the width is below 2^25. */
const LOW_BITS = RANGE_BITS + 1;
const LOW_SIZE = 2 ** LOW_BITS;
const ROUND_OFF = Math.fround(1e-8);
/** Every symbol's least share of 2^24. */
const MIN_RANGE = 2;
/** Rounding of a float32 softmax is worth some units of 2^-24; more than this is not rounding. */
const MAX_SURPLUS = 1024;

/** Bits the decoder reads per symbol, at most. */
export const MAX_BITS_PER_SYMBOL = RANGE_BITS;

/**
 * Probabilities [n] in float32 -> `cdf` [n], running sums of integer shares of 2^24, each at least 2. Exact as the
 * reference: every step is rounded to float32. A sum beyond 2^24, where the reference gives up, is taken off the largest.
 */
export function quantizeCdf(probabilities: Float32Array, cdf: Int32Array): void {
  const scale = TOTAL - MIN_RANGE * probabilities.length;
  let sum = 0;
  for (let s = 0; s < probabilities.length; s++) {
    const rounded = Math.fround(Math.floor(Math.fround(probabilities[s]! / ROUND_OFF)) * ROUND_OFF);
    sum += Math.floor(Math.fround(scale * rounded)) + MIN_RANGE;
    cdf[s] = sum;
  }
  // Not numbers, or numbers that are no probabilities.
  if (!(sum >= MIN_RANGE * probabilities.length && sum <= TOTAL + MAX_SURPLUS)) {
    throw new CodecError('bad-weights', {
      what: 'the language model does not give probabilities',
      found: `shares that sum to ${sum / TOTAL}`,
      expected: 'at most 1',
      remedy: 'Use weights made for this language model.',
    });
  }
  if (sum > TOTAL) {
    const largest = probabilities.reduce((best, p, s) => (p > probabilities[best]! ? s : best), 0);
    for (let s = largest; s < cdf.length; s++) cdf[s]! -= sum - TOTAL;
  }
}

export class EcdcArithmeticEncoder {
  /** Numbers in the interval: the reference's high - low + 1. */
  range = 1;
  /** The lower end's last bits. */
  private low = 0;
  /** Bits the interval was doubled by, less those that `low` has room for: what it puts out at first lies before the code. */
  private shifted = -LOW_BITS;
  /** The last bit put out, which a carry may still raise (-1: none), and the ones after it, which it would clear. */
  private cache = -1;
  private run = 0;
  private readonly bits: LsbBitWriter;

  constructor(bits: LsbBitWriter) {
    this.bits = bits;
  }

  /** A symbol of a quantized distribution. */
  push(symbol: number, cdf: Int32Array): void {
    while (this.range < TOTAL) {
      this.range *= 2;
      this.shift();
    }
    const unit = this.range / TOTAL;
    const from = symbol > 0 ? Math.ceil(cdf[symbol - 1]! * unit) : 0;
    const to = Math.floor((cdf[symbol]! - 1) * unit);
    this.range = to - from + 1;
    this.low += from;
    if (this.low < LOW_SIZE) return;
    this.low -= LOW_SIZE;
    this.settle(1);
    // The interval now lies behind the carry, so none of the bits written can change again.
    this.cache = -1;
  }

  /** Puts out the rest of the code. */
  end(): void {
    const left = Math.min(LOW_BITS, LOW_BITS + this.shifted);
    this.low *= 2 ** (LOW_BITS - left);
    this.shifted = 0;
    for (let i = 0; i < left; i++) this.shift();
    this.settle(0);
  }

  private shift(): void {
    const bit = this.low >= LOW_SIZE / 2 ? 1 : 0;
    this.low = 2 * this.low - bit * LOW_SIZE;
    if (this.shifted++ < 0) return;
    if (bit === 1 && this.cache >= 0) {
      this.run++;
      return;
    }
    this.settle(0);
    this.cache = bit;
  }

  /** Writes the bits that can change no more. */
  private settle(carry: 0 | 1): void {
    if (this.cache >= 0) this.bits.write(this.cache + carry, 1);
    for (; this.run > 0; this.run--) this.bits.write(1 - carry, 1);
  }
}

export class EcdcArithmeticDecoder {
  private range = 1;
  /** Place of the code in the interval. */
  private offset = 0;
  private readonly bits: LsbBitReader;

  constructor(bits: LsbBitReader) {
    this.bits = bits;
  }

  /** The next symbol. Throws `bad-container` for a code that no encoder with this distribution writes. */
  pull(cdf: Int32Array): number {
    while (this.range < TOTAL) {
      this.range *= 2;
      this.offset = 2 * this.offset + this.bits.read(1);
    }
    const { offset, range } = this;
    const unit = range / TOTAL;
    let [low, high] = [0, cdf.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Math.floor((cdf[middle]! - 1) * unit) < offset) low = middle + 1;
      else high = middle;
    }
    const from = low > 0 ? Math.ceil(cdf[low - 1]! * unit) : 0;
    const to = Math.floor((cdf[low]! - 1) * unit);
    if (offset < from || offset > to) {
      throw new CodecError('bad-container', {
        what: "the codes do not follow the language model's probabilities",
        remedy:
          'The file is damaged, or it was written with other weights, another program or another type of processor.',
      });
    }
    this.offset = offset - from;
    this.range = to - from + 1;
    return low;
  }
}
