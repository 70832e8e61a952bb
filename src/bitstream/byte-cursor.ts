import { readVarint, VARINT_MALFORMED, VARINT_SHORT, varintLength } from './varint.ts';

const NOTHING = new Uint8Array(0);

/**
 * Reads numbers and strings from bytes in order. The first read that fails sets `failure`; it and all later ones
 * give zeros. So a whole record is read without a check per field, and trying to read one costs no exception.
 */
export class ByteCursor {
  readonly bytes: Uint8Array;
  /** Of the next byte to read. */
  offset: number;
  /** One past the last byte that may be read. */
  readonly end: number;
  /** `short`: the bytes end inside a field and more may help. Anything else says what is wrong with them. */
  failure: string | undefined;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  /** An unsigned integer of 1, 2, 3 or 4 bytes, little-endian. */
  uint(size: number): number {
    let value = 0;
    const at = this.advance(size);
    for (let i = size - 1; i >= 0 && !this.failure; i--) value = value * 256 + this.bytes[at + i]!;
    return value;
  }

  varint(): number {
    const value = readVarint(this.bytes, this.offset, this.end);
    if (value === VARINT_SHORT) this.fail('short');
    else if (value === VARINT_MALFORMED) this.fail('a malformed number');
    else if (!this.failure) this.offset += varintLength(value);
    return this.failure ? 0 : value;
  }

  /** A view of the next `size` bytes. */
  take(size: number): Uint8Array {
    const at = this.advance(size);
    return this.failure ? NOTHING : this.bytes.subarray(at, at + size);
  }

  /** What is wrong with bytes that are all there is, in words. */
  get found(): string | undefined {
    return this.failure === 'short' ? `${this.end} bytes` : this.failure;
  }

  fail(reason: string): void {
    this.failure ??= reason;
  }

  /** The offset before stepping over `size` bytes. */
  private advance(size: number): number {
    if (size > this.end - this.offset) this.fail('short');
    if (!this.failure) this.offset += size;
    return this.offset - size;
  }
}
