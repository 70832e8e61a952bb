import type { ByteFeed } from './byte-feed.ts';

/** Packs unsigned integers of up to 24 bits, the first one in the lowest bits of the first byte (EnCodec's binary.py). */
export class LsbBitWriter {
  private bytes = new Uint8Array(64);
  private length = 0;
  private pending = 0;
  private pendingBits = 0;

  write(value: number, width: number): void {
    let pending = this.pending | (value << this.pendingBits);
    let bits = this.pendingBits + width;
    if (this.length + 4 > this.bytes.length) {
      const grown = new Uint8Array(2 * this.bytes.length);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    for (; bits >= 8; bits -= 8) {
      this.bytes[this.length++] = pending & 255;
      pending >>>= 8;
    }
    this.pending = pending;
    this.pendingBits = bits;
  }

  /** The bytes filled since they were last taken. */
  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.bytes.slice(0, this.length);
    this.length = 0;
    return bytes;
  }

  /** Like `take`, the last byte filled up with zeros. What is written next begins a new byte. */
  end(): Uint8Array<ArrayBuffer> {
    if (this.pendingBits > 0) this.write(0, 8 - this.pendingBits);
    return this.take();
  }
}

/** Reads what an `LsbBitWriter` wrote, from the bytes at hand in a feed. */
export class LsbBitReader {
  /** Whether more was read than there is: zeros came instead. */
  exhausted = false;
  private readonly feed: ByteFeed;
  private pending = 0;
  private pendingBits = 0;

  constructor(feed: ByteFeed) {
    this.feed = feed;
  }

  /** The next `width` bits (at most 24) as an unsigned integer. */
  read(width: number): number {
    let pending = this.pending;
    let bits = this.pendingBits;
    for (; bits < width; bits += 8) {
      const byte = this.feed.byte();
      if (byte < 0) this.exhausted = true;
      else pending |= byte << bits;
    }
    const value = pending & ((1 << width) - 1);
    this.pending = pending >>> width;
    this.pendingBits = bits - width;
    return value;
  }
}
