import type { SymbolDecoder, SymbolEncoder } from './symbol-coder.ts';

const WORD = 2 ** 16;
/** With words under it, the state is in [MIN_STATE, MIN_STATE * WORD). */
const MIN_STATE = 2 ** 32;

/**
 * rANS (Duda 2009 and 2013, arXiv:1311.2540): a stack of symbols. What was pushed last is popped first, and popping what
 * was never pushed draws symbols from the bits that are there, as bits-back coding wants (Townsend, Bird & Barber 2019):
 * pops and pushes may alternate, and each undoes the other exactly.
 *
 * The stack is one large integer. A push of an interval turns x into floor(x / frequency) * 2^bits + x mod frequency +
 * cumulative; all but the top 33 to 48 bits rest in 16-bit words. The state is an integer below 2^48 in a double, so all
 * arithmetic is exact and the coder wastes less than 2^-15 of a bit a symbol. An empty stack is 0.
 */
export class RansStack {
  private words: Uint16Array<ArrayBuffer>;
  private depth = 0;
  private state = 0;

  /** From bytes that `toBytes` gave, or any others. */
  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    const count = (bytes.length + 1) >>> 1;
    this.words = new Uint16Array(Math.max(count, 64));
    for (let i = 0; i < count; i++) this.words[i] = bytes[2 * i]! | ((bytes[2 * i + 1] ?? 0) << 8);
    this.depth = count;
    this.refill();
  }

  /** Puts the symbol with the interval [cumulative, cumulative + frequency) of [0, 2^totalBits) on top. */
  push(cumulative: number, frequency: number, totalBits: number): void {
    let x = this.state;
    if (x >= frequency * (MIN_STATE * WORD * 2 ** -totalBits)) {
      if (this.depth === this.words.length) this.grow();
      const rest = Math.floor(x / WORD);
      this.words[this.depth++] = x - rest * WORD;
      x = rest;
    }
    // The quotient cannot round up to an integer: it is at least 1 / frequency below one, and doubles below
    // 2^48 / frequency are at most a sixteenth of that apart.
    const quotient = Math.floor(x / frequency);
    this.state = quotient * (1 << totalBits) + (x - quotient * frequency) + cumulative;
  }

  /** The value in [0, 2^totalBits) in the interval of the symbol on top. */
  peek(totalBits: number): number {
    const x = this.state;
    return x - Math.floor(x / (1 << totalBits)) * (1 << totalBits);
  }

  /** Takes the symbol off whose interval holds the value `peek` gave. */
  pop(cumulative: number, frequency: number, totalBits: number): void {
    const x = this.state;
    const total = 1 << totalBits;
    const quotient = Math.floor(x / total);
    const state = quotient * (frequency - total) + x - cumulative;
    this.state = state;
    if (state < MIN_STATE) this.refill();
  }

  get isEmpty(): boolean {
    return this.state === 0 && this.depth === 0;
  }

  /** The integer, lowest byte first, without zeros at its end. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(2 * this.depth + 6);
    for (let i = 0; i < this.depth; i++) {
      bytes[2 * i] = this.words[i]!;
      bytes[2 * i + 1] = this.words[i]! >>> 8;
    }
    let length = 2 * this.depth;
    for (let rest = this.state; rest > 0; rest = Math.floor(rest / 256)) bytes[length++] = rest % 256;
    return bytes.slice(0, length);
  }

  private refill(): void {
    while (this.state < MIN_STATE && this.depth > 0) {
      this.state = this.state * WORD + this.words[--this.depth]!;
    }
  }

  private grow(): void {
    const grown = new Uint16Array(2 * this.words.length);
    grown.set(this.words);
    this.words = grown;
  }
}

/** First in, first out on a stack: keeps the symbols and pushes them from the last to the first. */
export class RansEncoder implements SymbolEncoder {
  /** Two a symbol: cumulative and, above it, totalBits; frequency. */
  private intervals = new Int32Array(2048);
  private length = 0;

  encode(cumulative: number, frequency: number, totalBits: number): void {
    if (this.length === this.intervals.length) {
      const grown = new Int32Array(2 * this.length);
      grown.set(this.intervals);
      this.intervals = grown;
    }
    this.intervals[this.length++] = cumulative | (totalBits << 16);
    this.intervals[this.length++] = frequency;
  }

  finish(): Uint8Array<ArrayBuffer> {
    const stack = new RansStack();
    for (let i = this.length - 2; i >= 0; i -= 2) {
      const interval = this.intervals[i]!;
      stack.push(interval & 0xffff, this.intervals[i + 1]!, interval >>> 16);
    }
    return stack.toBytes();
  }
}

/** Decodes what a RansEncoder wrote. */
export class RansDecoder implements SymbolDecoder {
  private readonly stack: RansStack;

  constructor(bytes: Uint8Array) {
    this.stack = new RansStack(bytes);
  }

  peek(totalBits: number): number {
    return this.stack.peek(totalBits);
  }

  consume(cumulative: number, frequency: number, totalBits: number): void {
    this.stack.pop(cumulative, frequency, totalBits);
  }

  get hasUnusedBytes(): boolean {
    return !this.stack.isEmpty;
  }
}
