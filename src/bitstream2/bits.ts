/** Packs fields of up to 32 bits, most significant bit first. */
export class BitWriter {
  private bytes: Uint8Array;
  private bit = 0;

  constructor(capacityBits = 1024) {
    this.bytes = new Uint8Array((capacityBits + 7) >>> 3);
  }

  write(value: number, width: number): void {
    if (this.bit + width > this.bytes.length * 8) {
      const grown = new Uint8Array(this.bytes.length * 2 + 8);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    for (let i = width - 1; i >= 0; i--) {
      if ((value >>> i) & 1) this.bytes[this.bit >>> 3]! |= 0x80 >>> (this.bit & 7);
      this.bit++;
    }
  }

  /** What was written, filled up with zero bits to whole bytes. */
  finish(): Uint8Array {
    return this.bytes.slice(0, (this.bit + 7) >>> 3);
  }
}

/** Reads what BitWriter wrote; zeros beyond the end. */
export class BitReader {
  private readonly bytes: Uint8Array;
  private bit = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  read(width: number): number {
    let value = 0;
    for (let i = 0; i < width; i++) {
      const byte = this.bytes[this.bit >>> 3] ?? 0;
      value = (value << 1) | ((byte >>> (7 - (this.bit & 7))) & 1);
      this.bit++;
    }
    return value >>> 0;
  }
}
