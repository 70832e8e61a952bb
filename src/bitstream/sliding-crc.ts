import { CRC32C_POLYNOMIAL, stepRegister } from './crc32c.ts';

/** Polynomials over GF(2) modulo the CRC's, bits reversed: the top bit is x^0. */
const ONE = 1 << 31;
const X8 = 1 << 23;

const DIGIT_BITS = 9;
const DIGITS = 1 << DIGIT_BITS;
const LEVELS = 3;
let powers: Int32Array | undefined;

/**
 * CRC-32C of any span of a stream in constant time, so that trying every position of a damaged file as the start
 * of a record costs time in proportion to the file, whatever lengths the bytes there pretend to have.
 *
 * Keeps the register P of every prefix: the CRC is linear, so the register after the span [a, b) is
 * P[b] ^ (P[a] ^ initial) * x^(8 (b - a)).
 */
export class SlidingCrc {
  /** `registers[i]` is the register after the stream's first `base + i` bytes, begun from zero. */
  private registers = new Int32Array(1024);
  private base = 0;
  private count = 1;

  /** Takes the stream's next bytes. */
  append(bytes: Uint8Array): void {
    if (this.count + bytes.length > this.registers.length) {
      const grown = new Int32Array(2 * (this.count + bytes.length));
      grown.set(this.registers.subarray(0, this.count));
      this.registers = grown;
    }
    const { registers, count } = this;
    let register = registers[count - 1]!;
    for (let i = 0; i < bytes.length; i++) {
      register = stepRegister(register, bytes[i]!);
      registers[count + i] = register;
    }
    this.count += bytes.length;
  }

  /** No span will begin before byte `offset` any more. */
  forget(offset: number): void {
    const gone = offset - this.base;
    // Moving only when half is gone keeps the cost per byte constant.
    if (gone < this.count / 2) return;
    this.registers.copyWithin(0, gone, this.count);
    this.base += gone;
    this.count -= gone;
  }

  /** What `crc32c` would give for the stream's bytes [from, to), both within what is kept. */
  crc(from: number, to: number, previous = 0): number {
    const before = this.registers[from - this.base]! ^ ~previous;
    return ~(this.registers[to - this.base]! ^ multiply(before, powerOfX8(to - from))) >>> 0;
  }
}

/** a * b modulo the polynomial. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let rest = a, factor = b; rest !== 0; rest <<= 1) {
    // Masks, as branches on random bits would cost ten times as much.
    product ^= factor & (rest >> 31);
    factor = (factor >>> 1) ^ (CRC32C_POLYNOMIAL & -(factor & 1));
  }
  return product;
}

/** x^(8 n) for n below 2^27. */
function powerOfX8(n: number): number {
  powers ??= makePowers();
  let power = powers[n & (DIGITS - 1)]!;
  for (let level = 1, rest = n >>> DIGIT_BITS; rest > 0; level++, rest >>>= DIGIT_BITS) {
    power = multiply(power, powers[level * DIGITS + (rest & (DIGITS - 1))]!);
  }
  return power;
}

/** `[level * DIGITS + digit]`: x^(8 digit DIGITS^level) */
function makePowers(): Int32Array {
  const table = new Int32Array(LEVELS * DIGITS);
  let step = X8;
  for (let level = 0; level < LEVELS; level++) {
    let power = ONE;
    for (let digit = 0; digit < DIGITS; digit++) {
      table[level * DIGITS + digit] = power;
      power = multiply(power, step);
    }
    step = power;
  }
  return table;
}
