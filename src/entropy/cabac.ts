import type { BinDecoder, BinEncoder } from './bins.ts';
import { rangeTabLps, transIdxLps, transIdxMps } from './cabac-tables.ts';
import { CarryBytes } from './carry-bytes.ts';

/** Contexts are kept as 2 * state + more probable bin. Entry 2 * c + b: the context after bin b. */
const nextContext = Uint8Array.from({ length: 256 }, (_, i) => {
  const [state, mps, bin] = [i >> 2, (i >> 1) & 1, i & 1];
  if (bin === mps) return 2 * transIdxMps[state]! + mps;
  return 2 * transIdxLps[state]! + (state === 0 ? 1 - mps : mps);
});

/** Entry 2 * c + b: about how many bits bin b takes in context c. */
const contextBits = Float64Array.from({ length: 256 }, (_, i) => {
  const [state, mps, bin] = [i >> 2, (i >> 1) & 1, i & 1];
  const lps = 0.5 * 0.0375 ** (state / 63);
  return -Math.log2(bin === mps ? 1 - lps : lps);
});

/** `range` is 9 bits and `low` 10, as in the standard. */
const LOW_BITS = 10;

/**
 * Binary arithmetic encoder of H.264 and HEVC (ITU-T H.264, 9.3.4): the same bits, first the code, then what `EncodeFlush`
 * writes (which ends in the stop bit), then zeros up to a whole byte. Written in bytes with carries instead of bits
 * outstanding.
 */
export class CabacEncoder implements BinEncoder {
  private readonly bytes = new CarryBytes(1024);
  private readonly contexts: Uint8Array;
  private low = 0;
  private range = 510;
  /** Bits of `low` above the lowest ten that wait for being eight. The first bit of a code is always 0 and not written. */
  private waiting = -1;

  constructor(contexts: number) {
    this.contexts = new Uint8Array(contexts);
  }

  encode(bin: number, context: number): void {
    const c = this.contexts[context]!;
    const lps = rangeTabLps[((c >> 1) << 2) | ((this.range >> 6) & 3)]!;
    this.range -= lps;
    if (bin !== (c & 1)) {
      this.low += this.range;
      this.range = lps;
    }
    this.contexts[context] = nextContext[2 * c + bin]!;
    this.shift(Math.clz32(this.range) - 23);
  }

  encodeBypass(value: number, width: number): void {
    for (let i = width - 1; i >= 0; i--) {
      // As in a range of twice the size, without shifting it back and forth.
      this.low *= 2;
      if ((value >>> i) & 1) this.low += this.range;
      this.waiting++;
      this.settle();
    }
  }

  encodeTerminate(bin: number): void {
    this.range -= 2;
    if (bin) {
      this.low += this.range;
      this.range = 2;
    } else this.shift(Math.clz32(this.range) - 23);
  }

  bits(bin: number, context: number): number {
    return contextBits[2 * this.contexts[context]! + bin]!;
  }

  finish(): Uint8Array<ArrayBuffer> {
    this.range = 2;
    this.shift(7);
    // Three bits more, the last of which is the stop bit.
    this.low = (this.low | 0x80) & ~0x7f;
    this.shift(3);
    this.shift(7);
    this.shift(7);
    return this.bytes.finish();
  }

  private shift(count: number): void {
    this.range <<= count;
    this.low <<= count;
    this.waiting += count;
    this.settle();
  }

  private settle(): void {
    if (this.waiting < 8) return;
    this.waiting -= 8;
    const unit = LOW_BITS + this.waiting;
    const out = this.low >>> unit;
    if (out > 255) this.bytes.carry();
    this.bytes.push(out & 255);
    this.low &= (1 << unit) - 1;
  }
}

/** Decoder of the same (ITU-T H.264, 9.3.3.2), which reads zeros after the last byte. */
export class CabacDecoder implements BinDecoder {
  private readonly bytes: Uint8Array;
  private readonly contexts: Uint8Array;
  private at = 0;
  private range = 510;
  /** The standard's offset, and `ahead` (8 to 15) bits more. */
  private offset = 0;
  private ahead = -9;

  constructor(bytes: Uint8Array, contexts: number) {
    this.bytes = bytes;
    this.contexts = new Uint8Array(contexts);
    this.skip(0);
    // An encoder never writes an offset outside of the range; foreign bytes may.
    this.offset = Math.min(this.offset, (this.range << this.ahead) - 1);
  }

  decode(context: number): 0 | 1 {
    const c = this.contexts[context]!;
    const lps = rangeTabLps[((c >> 1) << 2) | ((this.range >> 6) & 3)]!;
    const range = this.range - lps;
    let bin = c & 1;
    if (this.offset < range << this.ahead) {
      this.range = range;
      if (range < 256) this.skip(1);
    } else {
      bin ^= 1;
      this.offset -= range << this.ahead;
      this.range = lps;
      this.skip(Math.clz32(lps) - 23);
    }
    this.contexts[context] = nextContext[2 * c + bin]!;
    return bin as 0 | 1;
  }

  decodeBypass(width: number): number {
    let value = 0;
    for (let i = 0; i < width; i++) {
      this.ahead--;
      const scaled = this.range << this.ahead;
      value *= 2;
      if (this.offset >= scaled) {
        this.offset -= scaled;
        value++;
      }
      if (this.ahead < 8) this.fill();
    }
    return value;
  }

  decodeTerminate(): 0 | 1 {
    this.range -= 2;
    if (this.offset >= this.range << this.ahead) return 1;
    this.skip(Math.clz32(this.range) - 23);
    return 0;
  }

  get hasUnusedBytes(): boolean {
    return this.at < this.bytes.length;
  }

  private skip(count: number): void {
    this.range <<= count;
    this.ahead -= count;
    this.fill();
  }

  private fill(): void {
    while (this.ahead < 8) {
      this.offset = (this.offset << 8) | (this.at < this.bytes.length ? this.bytes[this.at]! : 0);
      this.at++;
      this.ahead += 8;
    }
  }
}
