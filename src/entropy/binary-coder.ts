import { CarryBytes, roundestIn } from './carry-bytes.ts';

/** Probabilities are of 2^16. */
export const PROBABILITY_BITS = 16;
/** Bits of one `encodeBypass`, at most. */
export const MAX_BYPASS_BITS = 16;

/** Between symbols the range is in [MIN_RANGE, 2^31): as a signed integer it is the fastest to compute with. */
const MIN_RANGE = 2 ** 23;
export const FULL_RANGE = 0x7fffffff;
export const WINDOW_BYTES = 4;

/** floor(range * probability / 2^16) */
function scale(range: number, probability: number): number {
  return Math.imul(range >>> 16, probability) + (Math.imul(range & 0xffff, probability) >>> 16);
}

/**
 * Binary arithmetic coder: bits with a probability each, chosen by the caller. A range coder with carries, as
 * `RangeEncoder`, for two symbols. The range is 23 to 31 bits long, so an event of probability 2^-16 still gets a hundred
 * units of it: the coder wastes less than 0.01 % of the ideal length.
 */
export class BinaryEncoder {
  private readonly bytes: CarryBytes;
  private low = 0;
  private range = FULL_RANGE;

  constructor(capacityBytes = 1024) {
    this.bytes = new CarryBytes(capacityBytes);
  }

  /**
   * @param bit 0 or 1
   * @param probability1 that the bit is 1, in (0, 65536), an integer
   */
  encodeBit(bit: number, probability1: number): void {
    const bound = scale(this.range, probability1);
    if (bit) this.range = bound;
    else {
      this.add(bound);
      this.range -= bound;
    }
    this.normalize();
  }

  /** The lowest `width` (0 to 16) bits of `value`, all values equally likely. */
  encodeBypass(value: number, width: number): void {
    const unit = this.range >>> width;
    this.add(Math.imul(value & ((1 << width) - 1), unit));
    this.range = unit;
    this.normalize();
  }

  /** The code: as few bytes as decode to the same bits, given that the decoder reads zeros after them. */
  finish(): Uint8Array<ArrayBuffer> {
    const value = roundestIn(this.low, this.range);
    if (value > 0xffffffff) this.bytes.carry();
    this.low = value >>> 0;
    for (let i = 0; i < WINDOW_BYTES; i++) this.settle();
    return this.bytes.finish();
  }

  private add(offset: number): void {
    const low = this.low + offset;
    if (low > 0xffffffff) this.bytes.carry();
    this.low = low >>> 0;
  }

  private normalize(): void {
    while (this.range < MIN_RANGE) {
      this.range <<= 8;
      this.settle();
    }
  }

  private settle(): void {
    this.bytes.push(this.low >>> 24);
    this.low = (this.low << 8) >>> 0;
  }
}

/** Decodes what a BinaryEncoder wrote. Any bytes decode to some bits. */
export class BinaryDecoder {
  private readonly bytes: Uint8Array;
  private at = WINDOW_BYTES;
  /** Place of the code in the interval: below `range`. */
  private offset = 0;
  private range = FULL_RANGE;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    let offset = 0;
    for (let i = 0; i < WINDOW_BYTES; i++) offset = offset * 256 + (bytes[i] ?? 0);
    // An encoder never writes a code that is outside; keep what is below true for foreign bytes.
    this.offset = Math.min(offset, FULL_RANGE - 1);
  }

  /** The next bit, which was written with the same probability. */
  decodeBit(probability1: number): 0 | 1 {
    const bound = scale(this.range, probability1);
    if (this.offset < bound) {
      this.range = bound;
      if (bound < MIN_RANGE) this.normalize();
      return 1;
    }
    this.offset -= bound;
    this.range -= bound;
    if (this.range < MIN_RANGE) this.normalize();
    return 0;
  }

  /** The next `width` (0 to 16) bits. */
  decodeBypass(width: number): number {
    const unit = this.range >>> width;
    let value = (this.offset / unit) >>> 0;
    // The rest of the division belongs to no value; only foreign bytes lie there.
    if (value >= 1 << width) value = (1 << width) - 1;
    this.offset = Math.min(this.offset - Math.imul(value, unit), unit - 1);
    this.range = unit;
    this.normalize();
    return value;
  }

  /** Whether bytes are left that no bit so far depends on: never so after the last bit of an intact code. */
  get hasUnusedBytes(): boolean {
    return this.at < this.bytes.length;
  }

  private normalize(): void {
    while (this.range < MIN_RANGE) {
      this.range <<= 8;
      this.offset = (this.offset << 8) | (this.at < this.bytes.length ? this.bytes[this.at]! : 0);
      this.at++;
    }
  }
}
