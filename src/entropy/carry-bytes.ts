/**
 * Bytes of an arithmetic code, highest first, of which the last may still be raised by a carry (Witten, Neal & Cleary
 * 1987; the cache and run of LZMA): it is held back, together with the 255s after it.
 */
export class CarryBytes {
  private bytes: Uint8Array<ArrayBuffer>;
  private length = 0;
  /** The last byte that is not 255 (-1: none), and the 255s after it, which a carry would turn to zeros. */
  private cache = -1;
  private run = 0;

  constructor(capacityBytes: number) {
    this.bytes = new Uint8Array(Math.max(capacityBytes, 16));
  }

  push(byte: number): void {
    if (byte === 255 && this.cache >= 0) {
      this.run++;
      return;
    }
    this.flush(0);
    this.cache = byte;
  }

  /** Adds one to all bytes so far, read as one number. There must be one that is not 255. */
  carry(): void {
    this.flush(1);
    // The interval now lies behind the carry, so none of the bytes written can change again.
    this.cache = -1;
  }

  /** The bytes without zeros at their end: decoders read zeros after the last byte. */
  finish(): Uint8Array<ArrayBuffer> {
    this.flush(0);
    this.cache = -1;
    let { length } = this;
    while (length > 0 && this.bytes[length - 1] === 0) length--;
    return this.bytes.slice(0, length);
  }

  private flush(carry: 0 | 1): void {
    const { cache, run } = this;
    if (this.length + run + 2 > this.bytes.length) {
      const grown = new Uint8Array(2 * (this.length + run + 2));
      grown.set(this.bytes);
      this.bytes = grown;
    }
    if (cache >= 0) this.bytes[this.length++] = cache + carry;
    this.bytes.fill(carry ? 0 : 255, this.length, this.length + run);
    this.length += run;
    this.run = 0;
  }
}

/** Of the integers in [low, low + size), the one with most zero bits at its end; low below 2^32. */
export function roundestIn(low: number, size: number): number {
  for (let bits = 31; bits >= 0; bits--) {
    const unit = 2 ** bits;
    const rounded = Math.ceil(low / unit) * unit;
    if (rounded < low + size) return rounded;
  }
  return low;
}
