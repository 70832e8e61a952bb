import { BinaryDecoder, BinaryEncoder, PROBABILITY_BITS } from './binary-coder.ts';
import type { BinDecoder, BinEncoder } from './bins.ts';

/**
 * Each context holds two probabilities of a 1, moved by 2^-fast and by 2^-slow of their distance to the bin seen; their mean
 * is coded with. The fast one follows changes, the slow one is precise where there are none. As in VVC (ITU-T H.266,
 * 9.3.4.3.2) and NNC (ISO/IEC 15938-17), but with 16 bits each and a 31-bit range.
 */
export interface Windows {
  /** Shifts, 1 to 15. */
  readonly fast: number;
  readonly slow: number;
}

const DEFAULT_WINDOWS: Windows = { fast: 4, slow: 7 };
const ONE = 1 << PROBABILITY_BITS;
const HALF = ONE / 2;
/** Probability of the terminating bin. */
const TERMINATE = 2;

/** Entry p >> 4: bits of an event of probability p. */
const bitsOf = Float64Array.from({ length: 4096 }, (_, i) => -Math.log2((i + 0.5) / 4096));

/** Binary arithmetic coder with adaptive contexts of two rates. */
export class TwoRateEncoder extends BinaryEncoder implements BinEncoder {
  private readonly fast: Uint16Array;
  private readonly slow: Uint16Array;
  private readonly fastShift: number;
  private readonly slowShift: number;

  constructor(contexts: number, windows = DEFAULT_WINDOWS) {
    super();
    this.fast = new Uint16Array(contexts).fill(HALF);
    this.slow = new Uint16Array(contexts).fill(HALF);
    this.fastShift = windows.fast;
    this.slowShift = windows.slow;
  }

  encode(bin: number, context: number): void {
    const fast = this.fast[context]!;
    const slow = this.slow[context]!;
    this.encodeBit(bin, (fast + slow) >>> 1);
    // Neither reaches 0 nor 2^16: the shifted distance becomes 0 before.
    if (bin) {
      this.fast[context] = fast + ((ONE - fast) >>> this.fastShift);
      this.slow[context] = slow + ((ONE - slow) >>> this.slowShift);
    } else {
      this.fast[context] = fast - (fast >>> this.fastShift);
      this.slow[context] = slow - (slow >>> this.slowShift);
    }
  }

  encodeTerminate(bin: number): void {
    this.encodeBit(bin, TERMINATE);
  }

  bits(bin: number, context: number): number {
    const p = (this.fast[context]! + this.slow[context]!) >>> 1;
    return bitsOf[(bin ? p : ONE - p) >>> 4]!;
  }
}

/** Decodes what a TwoRateEncoder wrote. */
export class TwoRateDecoder extends BinaryDecoder implements BinDecoder {
  private readonly fast: Uint16Array;
  private readonly slow: Uint16Array;
  private readonly fastShift: number;
  private readonly slowShift: number;

  constructor(bytes: Uint8Array, contexts: number, windows = DEFAULT_WINDOWS) {
    super(bytes);
    this.fast = new Uint16Array(contexts).fill(HALF);
    this.slow = new Uint16Array(contexts).fill(HALF);
    this.fastShift = windows.fast;
    this.slowShift = windows.slow;
  }

  decode(context: number): 0 | 1 {
    const fast = this.fast[context]!;
    const slow = this.slow[context]!;
    const bin = this.decodeBit((fast + slow) >>> 1);
    if (bin) {
      this.fast[context] = fast + ((ONE - fast) >>> this.fastShift);
      this.slow[context] = slow + ((ONE - slow) >>> this.slowShift);
    } else {
      this.fast[context] = fast - (fast >>> this.fastShift);
      this.slow[context] = slow - (slow >>> this.slowShift);
    }
    return bin;
  }

  decodeTerminate(): 0 | 1 {
    return this.decodeBit(TERMINATE);
  }
}
