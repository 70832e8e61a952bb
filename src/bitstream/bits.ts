import { CodecError } from '../core/errors.ts';

/** Packs unsigned integers of fixed width, highest bit first. */
export class BitWriter {
  private bytes: Uint8Array<ArrayBuffer>;
  private length = 0;
  private pending = 0;
  private pendingBits = 0;

  constructor(capacityBytes = 64) {
    this.bytes = new Uint8Array(Math.max(capacityBytes, 8));
  }

  /** Appends the lowest `width` bits (0 to 32) of `value`. */
  write(value: number, width: number): void {
    if (width > 16) {
      // In halves, because up to 7 bits wait already and a number has 32.
      this.append((value >>> 16) & mask(width - 16), width - 16);
      this.append(value & 0xffff, 16);
    } else {
      this.append(value & mask(width), width);
    }
  }

  /** All bits so far, the last byte filled up with zeros. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const bytes = this.bytes.slice(0, this.length + (this.pendingBits > 0 ? 1 : 0));
    if (this.pendingBits > 0) bytes[this.length] = this.pending << (8 - this.pendingBits);
    return bytes;
  }

  private append(value: number, width: number): void {
    let pending = (this.pending << width) | value;
    let bits = this.pendingBits + width;
    if (this.length + 4 > this.bytes.length) {
      const grown = new Uint8Array(2 * this.bytes.length);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    while (bits >= 8) {
      bits -= 8;
      this.bytes[this.length++] = pending >>> bits;
      pending &= mask(bits);
    }
    this.pending = pending;
    this.pendingBits = bits;
  }
}

/** Reads what a `BitWriter` wrote. */
export class BitReader {
  private readonly bytes: Uint8Array;
  private at = 0;
  private pending = 0;
  private pendingBits = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The next `width` bits (0 to 32) as an unsigned integer. Throws `bad-container` after the last byte. */
  read(width: number): number {
    if (width <= 16) return this.take(width);
    const high = this.take(width - 16);
    return ((high << 16) | this.take(16)) >>> 0;
  }

  private take(width: number): number {
    let pending = this.pending;
    let bits = this.pendingBits;
    while (bits < width) {
      if (this.at >= this.bytes.length) throw exhausted(this.bytes.length);
      pending = (pending << 8) | this.bytes[this.at++]!;
      bits += 8;
    }
    bits -= width;
    this.pending = pending & mask(bits);
    this.pendingBits = bits;
    return pending >>> bits;
  }
}

/** The lowest `width` bits set; `width` at most 16. */
function mask(width: number): number {
  return (1 << width) - 1;
}

function exhausted(length: number): CodecError {
  return new CodecError('bad-container', {
    what: 'the packed bits end too early',
    found: `${length} bytes`,
    expected: 'more',
  });
}
