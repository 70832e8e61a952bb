import { FULL_RANGE, MAX_BYPASS_BITS, WINDOW_BYTES } from './binary-coder.ts';
import { badPayload } from './entropy-coder.ts';
import { classOf, LEVEL_CONTEXTS, MAX_WIDTH, orderOf } from './level-model.ts';

/** What the bin that is decoded next says. */
const AT_SIGNIFICANCE = 0;
const AT_GREATER = 1;
const AT_PREFIX = 2;
const AT_HIGHEST = 3;

/**
 * Decodes `count` levels that `encodeLevels` wrote in rows of `rowLength`. Throws `bad-container` for bytes that cannot be
 * so many; other wrong bytes give wrong levels, of magnitudes below 2^31.
 *
 * The same arithmetic as TwoRateDecoder and Neighbours, once more, with all state in local variables of one function:
 * models have millions of weights that a cold start waits for, and this takes little more than half of the time.
 */
export function decodeLevels(bytes: Uint8Array, count: number, rowLength: number): Int32Array<ArrayBuffer> {
  const levels = new Int32Array(count);
  // Once more and as literals, which the compiler builds in; those of other modules it would look up each time. The tests
  // would not pass if they differed.
  const minRange = 2 ** 23;
  const one = 2 ** 16;
  const fastShift = 5;
  const slowShift = 8;
  const meanBits = 4;
  const maxActivity = 16_383;
  const maxMagnitude = 4096;
  const stride = 32;
  const significance = 0;
  const greater = 1;
  const prefixes = 3;
  const highest = 14;
  const lastPrefix = 10;
  const lastHighest = 17;
  const fast = new Uint16Array(LEVEL_CONTEXTS).fill(one / 2);
  const slow = new Uint16Array(LEVEL_CONTEXTS).fill(one / 2);
  const columns = new Int32Array(rowLength);
  const classes = classOf;
  const orders = orderOf;
  const end = bytes.length;
  let row = 0;
  let x = 0;
  let range = FULL_RANGE;
  let at = WINDOW_BYTES;
  let window = 0;
  for (let i = 0; i < WINDOW_BYTES; i++) window = window * 256 + (bytes[i] ?? 0);
  let offset = Math.min(window, FULL_RANGE - 1) | 0;

  for (let i = 0; i < count; i++) {
    const column = columns[x]!;
    const activity = row + column;
    const levelClass = classes[activity < maxActivity ? activity : maxActivity]!;
    const base = levelClass * stride;
    let width = orders[levelClass]!;
    let magnitude = 0;
    let prefix = 0;
    let state = AT_SIGNIFICANCE;
    let context = base + significance;
    for (;;) {
      const f = fast[context]!;
      const s = slow[context]!;
      const p = (f + s) >>> 1;
      const bound = (Math.imul(range >>> 16, p) + (Math.imul(range & 0xffff, p) >>> 16)) | 0;
      let bin = 0;
      if (offset < bound) {
        bin = 1;
        range = bound;
        fast[context] = f + ((one - f) >>> fastShift);
        slow[context] = s + ((one - s) >>> slowShift);
      } else {
        offset = (offset - bound) | 0;
        range = (range - bound) | 0;
        fast[context] = f - (f >>> fastShift);
        slow[context] = s - (s >>> slowShift);
      }
      while (range < minRange) {
        range <<= 8;
        offset = (offset << 8) | (at < end ? bytes[at]! : 0);
        at++;
      }

      if (state === AT_PREFIX) {
        if (bin) {
          magnitude = (magnitude + (1 << width)) | 0;
          width++;
          if (width > MAX_WIDTH) throw badPayload('a level above 2^30', 'less');
          prefix++;
          context = base + prefixes + (prefix < lastPrefix ? prefix : lastPrefix);
        } else if (width > 0) {
          width--;
          state = AT_HIGHEST;
          context = base + highest + (prefix < lastHighest ? prefix : lastHighest);
        } else break;
      } else if (state === AT_HIGHEST) {
        magnitude = (magnitude + (bin << width)) | 0;
        break;
      } else if (state === AT_SIGNIFICANCE) {
        if (!bin) break;
        magnitude = 1;
        state = width > 0 ? AT_PREFIX : AT_GREATER;
        context = base + (width > 0 ? prefixes : greater);
      } else {
        if (!bin) break;
        magnitude++;
        if (magnitude === 3) state = AT_PREFIX;
        context = base + (magnitude === 3 ? prefixes : greater + 1);
      }
    }

    if (magnitude > 0) {
      // The sign, and below it what is left of the remainder: a second time where that is more than 15 bits.
      let sign = 0;
      let bits = width < MAX_BYPASS_BITS ? width + 1 : MAX_BYPASS_BITS;
      for (;;) {
        const unit = range >>> bits;
        let value = (offset / unit) | 0;
        if (value >= 1 << bits) value = (1 << bits) - 1;
        offset = (offset - Math.imul(value, unit)) | 0;
        if (offset >= unit) offset = unit - 1;
        range = unit;
        while (range < minRange) {
          range <<= 8;
          offset = (offset << 8) | (at < end ? bytes[at]! : 0);
          at++;
        }
        if (width >= 0) {
          sign = value >>> (bits - 1);
          value &= (1 << (bits - 1)) - 1;
          width -= bits - 1;
          magnitude = (magnitude + (value << width)) | 0;
          if (width === 0) break;
          bits = width;
          width = -1;
        } else {
          magnitude = (magnitude + value) | 0;
          break;
        }
      }
      if (magnitude < 0) throw badPayload('a level above 2^31', 'less');
      levels[i] = sign ? -magnitude : magnitude;
    }

    const counted = magnitude < maxMagnitude ? magnitude : maxMagnitude;
    row = (row + counted - (row >> meanBits)) | 0;
    columns[x] = column + counted - (column >> meanBits);
    x = x + 1 === rowLength ? 0 : x + 1;
  }
  if (at < end) throw badPayload(`${end} bytes`, `fewer for ${count} levels`);
  return levels;
}
