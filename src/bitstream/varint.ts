import { CodecError } from '../core/errors.ts';

/** Bytes of the longest varint: 8 * 7 bits hold 2^53 - 1. */
const MAX_VARINT_BYTES = 8;

/** What `readVarint` gives when the bytes end before the number does. */
export const VARINT_SHORT = -1;
/** What `readVarint` gives for a number that is too large or longer than it need be. */
export const VARINT_MALFORMED = -2;

/** Bytes that `value` takes as a varint. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length++;
  return length;
}

/**
 * Appends `value` to `out` as unsigned LEB128 (DWARF 5, section 7.6): seven bits a byte, lowest first, the top bit
 * set on all but the last. Throws `bad-argument` unless `value` is an integer in [0, 2^53 - 1].
 */
export function writeVarint(value: number, out: number[]): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new CodecError('bad-argument', {
      what: 'cannot write a number',
      found: String(value),
      expected: 'an integer from 0 to 2^53 - 1',
    });
  }
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  out.push(rest);
}

/**
 * The varint at `bytes[offset]`, or VARINT_SHORT or VARINT_MALFORMED. Each number has one encoding only, so its
 * length is `varintLength` of the result.
 */
export function readVarint(bytes: Uint8Array, offset: number, end = bytes.length): number {
  let value = 0;
  let unit = 1;
  for (let i = 0; i < MAX_VARINT_BYTES; i++, unit *= 128) {
    if (offset + i >= end) return VARINT_SHORT;
    const byte = bytes[offset + i]!;
    value += (byte & 127) * unit;
    if (byte < 128) {
      const padded = byte === 0 && i > 0;
      return padded || value > Number.MAX_SAFE_INTEGER ? VARINT_MALFORMED : value;
    }
  }
  return VARINT_MALFORMED;
}
