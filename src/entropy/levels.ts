import { CodecError } from '../core/errors.ts';
import { MAX_BYPASS_BITS } from './binary-coder.ts';
import { type BinEncoder, BinEstimate, type BinSink } from './bins.ts';
import {
  GREATER,
  HIGHEST,
  LAST_HIGHEST,
  LAST_PREFIX,
  LEVEL_CONTEXTS,
  MAX_LEVEL,
  Neighbours,
  orderOf,
  PREFIX,
  SIGNIFICANCE,
  STRIDE,
  WINDOWS,
} from './level-model.ts';
import { TwoRateEncoder } from './two-rate.ts';

/** Writes one level in the contexts of a class. */
function writeLevel(to: BinSink, level: number, levelClass: number): void {
  const base = levelClass * STRIDE;
  const magnitude = Math.abs(level);
  to.encode(magnitude > 0 ? 1 : 0, base + SIGNIFICANCE);
  if (magnitude === 0) return;
  let rest = magnitude - 1;
  let width = orderOf[levelClass]!;
  if (width === 0) {
    for (let i = 0; i < 2; i++) {
      to.encode(rest > 0 ? 1 : 0, base + GREATER + i);
      if (rest === 0) {
        to.encodeBypass(level < 0 ? 1 : 0, 1);
        return;
      }
      rest--;
    }
  }
  let i = 0;
  for (; rest >= 2 ** width; i++) {
    to.encode(1, base + PREFIX + Math.min(i, LAST_PREFIX));
    rest -= 2 ** width;
    width++;
  }
  to.encode(0, base + PREFIX + Math.min(i, LAST_PREFIX));
  if (width > 0) {
    width--;
    to.encode(rest >>> width, base + HIGHEST + Math.min(i, LAST_HIGHEST));
  }
  // The sign above what is left of the remainder.
  const sign = level < 0 ? 1 : 0;
  const first = Math.min(width, MAX_BYPASS_BITS - 1);
  width -= first;
  to.encodeBypass((sign << first) | ((rest >>> width) & (2 ** first - 1)), first + 1);
  to.encodeBypass(rest, width);
}

/** Chooses the level of value `i`, given what each would take. */
export type ChooseLevel = (i: number, bitsOf: (level: number) => number) => number;

/**
 * Codes `count` levels, chosen one after the other as `choose` says, in rows of `rowLength`. Throws `bad-argument` for a
 * level that is no integer of magnitude up to 2^30 - 1. `estimatedBits` is what the contexts said each would take.
 */
export function encodeLevels(
  count: number,
  rowLength: number,
  choose: ChooseLevel,
): { bytes: Uint8Array<ArrayBuffer>; estimatedBits: number } {
  const encoder: BinEncoder = new TwoRateEncoder(LEVEL_CONTEXTS, WINDOWS);
  const neighbours = new Neighbours(rowLength);
  const estimate = new BinEstimate(encoder);
  let levelClass = 0;
  const bitsOf = (level: number) => {
    const before = estimate.bits;
    writeLevel(estimate, level, levelClass);
    const bits = estimate.bits - before;
    estimate.bits = before;
    return bits;
  };
  for (let i = 0; i < count; i++) {
    levelClass = neighbours.next();
    const level = choose(i, bitsOf);
    if (!(Number.isInteger(level) && Math.abs(level) <= MAX_LEVEL)) throw badLevel(level);
    estimate.bits += bitsOf(level);
    writeLevel(encoder, level, levelClass);
    neighbours.add(Math.abs(level));
  }
  return { bytes: encoder.finish(), estimatedBits: estimate.bits };
}

function badLevel(level: number): CodecError {
  return new CodecError('bad-argument', {
    what: 'cannot code a level',
    found: String(level),
    expected: `an integer from ${-MAX_LEVEL} to ${MAX_LEVEL}`,
  });
}
