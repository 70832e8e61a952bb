// A byte-wise range coder with carry propagation (Martin 1979; the carry handling is that of LZMA's coder): range has 32
// bits and stays above 2^24; frequencies are integers whose total is a power of two. Every number is an integer below
// 2^53, so encoder and decoder agree on every machine.

const TOP = 2 ** 24;
const WORD = 2 ** 32;

export class RangeEncoder {
  private low = 0;
  private range = WORD - 1;
  private cache = 0;
  /** Bytes held back because a carry could still change them: the cached one, then as many 0xff. */
  private held = 0;
  private bytes: Uint8Array;
  private length = 0;

  constructor(capacityBytes = 1024) {
    this.bytes = new Uint8Array(capacityBytes);
  }

  /** Codes a symbol that owns [start, start + size) of a total of 2^totalBits. */
  encode(start: number, size: number, totalBits: number): void {
    const unit = this.range >>> totalBits;
    this.low += unit * start;
    this.range = unit * size;
    while (this.range < TOP) {
      this.range = (this.range << 8) >>> 0;
      this.shift();
    }
  }

  private shift(): void {
    if (this.low < 0xff000000 || this.low >= WORD) {
      const carry = this.low >= WORD ? 1 : 0;
      if (this.held > 0) {
        this.put((this.cache + carry) & 0xff);
        for (let i = 1; i < this.held; i++) this.put((0xff + carry) & 0xff);
      }
      this.cache = Math.floor(this.low / TOP) & 0xff;
      this.held = 1;
    } else {
      this.held++;
    }
    this.low = (this.low % TOP) * 256;
  }

  private put(byte: number): void {
    if (this.length === this.bytes.length) {
      const grown = new Uint8Array(2 * this.length + 16);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.bytes[this.length++] = byte;
  }

  /** The shortest bytes that decode to what was coded: the decoder reads zeros beyond them. */
  finish(): Uint8Array {
    // Of the numbers in [low, low + range), the one that ends in the most zero bits.
    const high = this.low + this.range - 1;
    for (let bits = 32; bits >= 0; bits--) {
      const candidate = Math.floor(high / 2 ** bits) * 2 ** bits;
      if (candidate >= this.low) {
        this.low = candidate;
        break;
      }
    }
    for (let i = 0; i < 5; i++) this.shift();
    let end = this.length;
    while (end > 0 && this.bytes[end - 1] === 0) end--;
    return this.bytes.slice(0, end);
  }
}

export class RangeDecoder {
  private range = WORD - 1;
  private code = 0;
  private at = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    for (let i = 0; i < 4; i++) this.code = ((this.code << 8) | this.next()) >>> 0;
  }

  private next(): number {
    return this.at < this.bytes.length ? this.bytes[this.at++]! : 0;
  }

  /** A value in [0, 2^totalBits): the symbol that owns it is next. Then call `consume` with what it owns. */
  peek(totalBits: number): number {
    const value = Math.floor(this.code / (this.range >>> totalBits));
    // Only damaged bytes get here beyond the total.
    return Math.min(value, 2 ** totalBits - 1);
  }

  consume(start: number, size: number, totalBits: number): void {
    const unit = this.range >>> totalBits;
    this.code = (this.code - unit * start) >>> 0;
    this.range = unit * size;
    while (this.range < TOP) {
      this.range = (this.range << 8) >>> 0;
      this.code = ((this.code << 8) | this.next()) >>> 0;
    }
  }
}
