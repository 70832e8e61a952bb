import { CarryBytes, roundestIn } from './carry-bytes.ts';
import type { SymbolDecoder, SymbolEncoder } from './symbol-coder.ts';

/**
 * Range coder (Martin 1979) with 32-bit range and carry propagation, as in LZMA. Carry propagation rather than a
 * carry-less coder (Subbotin 1999) because its range never falls below 2^24: with totals of 2^16 that leaves 8 bits
 * of precision where a carry-less one is at times left with none.
 *
 * The bounds of a symbol are floor(range * cumulative / 2^totalBits), computed exactly, not
 * floor(range / 2^totalBits) * cumulative: no part of the range is wasted. All arithmetic is on integers below 2^53.
 */

/** Below this range another byte is settled. */
const MIN_RANGE = 2 ** 24;
/** Bytes of the decoder's window on the code. */
const WINDOW_BYTES = 4;
/** floor(range * cumulative / 2^bits) by halves, since the product has up to 48 bits. */
function scale(range: number, cumulative: number, bits: number): number {
  const high = Math.imul(range >>> bits, cumulative);
  const low = Math.imul(range & ((1 << bits) - 1), cumulative);
  return (high + (low >>> bits)) >>> 0;
}

/** Codes symbols given as intervals of a cumulative frequency table. */
export class RangeEncoder implements SymbolEncoder {
  private readonly bytes: CarryBytes;
  /** Lower end of the interval, below 2^32; carries have gone into `bytes`. */
  private low = 0;
  private range = 0xffffffff;

  constructor(capacityBytes = 1024) {
    this.bytes = new CarryBytes(capacityBytes);
  }

  /** A symbol with the interval [cumulative, cumulative + frequency) of [0, 2^totalBits); totalBits at most 16. */
  encode(cumulative: number, frequency: number, totalBits: number): void {
    const from = scale(this.range, cumulative, totalBits);
    const to = scale(this.range, cumulative + frequency, totalBits);
    const low = this.low + from;
    // The carry is at most one, and never reaches past the first byte: the interval stays within [0, 2^32).
    if (low > 0xffffffff) this.bytes.carry();
    this.low = low >>> 0;
    this.range = to - from;
    while (this.range < MIN_RANGE) {
      this.range = (this.range << 8) >>> 0;
      this.settle();
    }
  }

  /** The code: as few bytes as decode to the same symbols, given that the decoder reads zeros after them. */
  finish(): Uint8Array<ArrayBuffer> {
    const value = roundestIn(this.low, this.range);
    if (value > 0xffffffff) this.bytes.carry();
    this.low = value >>> 0;
    for (let i = 0; i < WINDOW_BYTES; i++) this.settle();
    return this.bytes.finish();
  }

  /** Moves the top byte of `low` out: only a carry can change it now. */
  private settle(): void {
    this.bytes.push(this.low >>> 24);
    this.low = (this.low << 8) >>> 0;
  }
}

/**
 * Decodes what a RangeEncoder wrote: `peek`, look the symbol up, `consume` its interval. Any bytes decode to some
 * symbols.
 */
export class RangeDecoder implements SymbolDecoder {
  private readonly bytes: Uint8Array;
  private at = WINDOW_BYTES;
  /** Place of the code in the interval: below `range`. */
  private offset = 0;
  private range = 0xffffffff;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    for (let i = 0; i < WINDOW_BYTES; i++) this.offset = this.offset * 256 + (bytes[i] ?? 0);
    // An encoder never writes the one code that is outside; keep what is below true for foreign bytes.
    if (this.offset >= this.range) this.offset = this.range - 1;
  }

  /** The value in [0, 2^totalBits) that lies in the next symbol's interval; totalBits at most 16. */
  peek(totalBits: number): number {
    const total = 1 << totalBits;
    // The largest v with floor(range * v / total) <= offset. The quotient cannot round up to an integer: it is at
    // least 2^-32 away from the next one, and below 2^16 doubles are 2^-37 apart.
    return ((this.offset * total + (total - 1)) / this.range) >>> 0;
  }

  /** Passes the symbol with the interval [cumulative, cumulative + frequency), which holds the value `peek` gave. */
  consume(cumulative: number, frequency: number, totalBits: number): void {
    const from = scale(this.range, cumulative, totalBits);
    let range = scale(this.range, cumulative + frequency, totalBits) - from;
    let offset = this.offset - from;
    while (range < MIN_RANGE) {
      range = (range << 8) >>> 0;
      const byte = this.at < this.bytes.length ? this.bytes[this.at]! : 0;
      offset = ((offset << 8) | byte) >>> 0;
      this.at++;
    }
    this.range = range;
    this.offset = offset;
  }

  /** Whether bytes are left that no symbol so far depends on: never so after the last symbol of an intact code. */
  get hasUnusedBytes(): boolean {
    return this.at < this.bytes.length;
  }
}
