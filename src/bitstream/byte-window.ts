const NOTHING = new Uint8Array(0);

/** The part of a byte stream that is still needed: bytes go in at the end and are dropped from the start. */
export class ByteWindow {
  /** Holds the window at [offset, length). */
  bytes: Uint8Array = NOTHING;
  length = 0;
  /** Of the first byte still needed, in `bytes`. */
  offset = 0;
  /** Stream position of `bytes[0]`. */
  base = 0;

  append(more: Uint8Array): void {
    if (this.length + more.length > this.bytes.length) {
      const kept = this.bytes.subarray(this.offset, this.length);
      const needed = kept.length + more.length;
      // Room for as much again, or small windows would move on every append.
      const target = 2 * needed > this.bytes.length ? new Uint8Array(2 * needed) : this.bytes;
      target.set(kept);
      this.bytes = target;
      this.base += this.offset;
      this.length = kept.length;
      this.offset = 0;
    }
    this.bytes.set(more, this.length);
    this.length += more.length;
  }

  /** Stream position of `bytes[at]`. */
  position(at: number): number {
    return this.base + at;
  }
}
