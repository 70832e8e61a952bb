import { CodecError } from '../core/errors.ts';
import { MAX_BYPASS_BITS } from './binary-coder.ts';
import type { BinSink, BinSource } from './bins.ts';
import { badPayload } from './entropy-coder.ts';

/**
 * Turns non-negative integers into bins and back. `base` is the first of the `contexts` contexts to use, so that one coder
 * can hold several binarizations, or one several times.
 */
export interface Binarization {
  readonly contexts: number;
  /** Throws `bad-argument` for a value that is out of range. */
  write(to: BinSink, value: number, base?: number): void;
  /** Throws `bad-container` where no value begins with the bins that come. */
  read(from: BinSource, base?: number): number;
}

/**
 * Unary code cut at `max`: as many 1s as the value says, then a 0 unless it is `max` (ITU-T H.265, 9.3.3.2). Bin i is coded
 * in context i, from the last context on all in that one.
 */
export function truncatedUnary(max: number, contexts: number = Math.min(max, 8)): Binarization {
  return {
    contexts,
    write(to, value, base = 0) {
      check(value, max);
      for (let i = 0; i < value; i++) to.encode(1, base + Math.min(i, contexts - 1));
      if (value < max) to.encode(0, base + Math.min(value, contexts - 1));
    },
    read(from, base = 0) {
      let value = 0;
      while (value < max && from.decode(base + Math.min(value, contexts - 1))) value++;
      return value;
    },
  };
}

/** Unary values end here, or damaged bytes could hold a decoder for long. */
const MAX_UNARY = 1 << 16;

/** Unary code: as many 1s as the value says, then a 0. Values up to 65535. */
export function unary(contexts = 8): Binarization {
  const { write, read } = truncatedUnary(MAX_UNARY, contexts);
  return {
    contexts,
    write(to, value, base) {
      check(value, MAX_UNARY - 1);
      write(to, value, base);
    },
    read(from, base) {
      const value = read(from, base);
      if (value === MAX_UNARY) throw badPayload(`a run of ${MAX_UNARY} ones`, 'fewer');
      return value;
    },
  };
}

/**
 * Values in [0, size) in floor or ceil(log2 size) bypassed bins: the first 2^ceil - size values are the short ones (ITU-T
 * H.266, 9.3.3.4).
 */
export function truncatedBinary(size: number): Binarization {
  const width = 31 - Math.clz32(size);
  const short = 2 ** (width + 1) - size;
  return {
    contexts: 0,
    write(to, value) {
      check(value, size - 1);
      const long = value + short;
      writeBypass(to, value < short ? value : long >>> 1, width);
      if (value >= short) to.encodeBypass(long, 1);
    },
    read(from) {
      const value = readBypass(from, width);
      return value < short ? value : 2 * value + from.decodeBypass(1) - short;
    },
  };
}

/** Widest part of an Exp-Golomb code: values stay below 2^32. */
const MAX_WIDTH = 31;

/**
 * Exp-Golomb code of order k (ITU-T H.265, 9.3.3.3): a unary prefix says how many bits beyond k the rest has. Values from 0
 * to 2^31 - 1. The prefix is coded in contexts, bin i in context i, from the last one on all in that one; without
 * contexts all is bypassed.
 */
export function expGolomb(order: number, contexts = 0): Binarization {
  const limit = 2 ** MAX_WIDTH - 1;
  return {
    contexts,
    write(to, value, base = 0) {
      check(value, limit);
      let [rest, width] = [value, order];
      for (; rest >= 2 ** width; width++) {
        prefix(to, 1, base, width - order);
        rest -= 2 ** width;
      }
      prefix(to, 0, base, width - order);
      writeBypass(to, rest, width);
    },
    read(from, base = 0) {
      let [value, width] = [0, order];
      for (; readPrefix(from, base, width - order); width++) {
        value += 2 ** width;
        if (value > limit) throw badPayload('a number above 2^31', 'less');
      }
      value += readBypass(from, width);
      if (value > limit) throw badPayload('a number above 2^31', 'less');
      return value;
    },
  };

  function prefix(to: BinSink, bin: number, base: number, i: number): void {
    if (contexts > 0) to.encode(bin, base + Math.min(i, contexts - 1));
    else to.encodeBypass(bin, 1);
  }

  function readPrefix(from: BinSource, base: number, i: number): number {
    return contexts > 0 ? from.decode(base + Math.min(i, contexts - 1)) : from.decodeBypass(1);
  }
}

/**
 * Values in [0, size) as the way down a binary tree, highest bit first, with a context in each node: learns any
 * distribution. Bins that only one value leaves open are not coded.
 */
export function adaptiveTree(size: number): Binarization {
  const width = size > 1 ? 32 - Math.clz32(size - 1) : 0;
  return {
    contexts: Math.max(0, 2 ** width - 1),
    write(to, value, base = 0) {
      check(value, size - 1);
      let node = 1;
      for (let bit = width - 1; bit >= 0; bit--) {
        const bin = (value >>> bit) & 1;
        if (upperIsOpen(node, bit)) to.encode(bin, base + node - 1);
        node = 2 * node + bin;
      }
    },
    read(from, base = 0) {
      let node = 1;
      for (let bit = width - 1; bit >= 0; bit--) {
        node = 2 * node + (upperIsOpen(node, bit) ? from.decode(base + node - 1) : 0);
      }
      return node - 2 ** width;
    },
  };

  /** Whether values below `size` lie in the upper half under a node; its value so far is what follows its first 1. */
  function upperIsOpen(node: number, bit: number): boolean {
    return ((2 * node + 1) << bit) - (1 << width) < size;
  }
}

function check(value: number, max: number): void {
  if (value >= 0 && value <= max) return;
  throw new CodecError('bad-argument', {
    what: 'cannot binarize a value',
    found: String(value),
    expected: `0 to ${max}`,
  });
}

function writeBypass(to: BinSink, value: number, width: number): void {
  if (width > MAX_BYPASS_BITS) to.encodeBypass(value >>> MAX_BYPASS_BITS, width - MAX_BYPASS_BITS);
  to.encodeBypass(value, Math.min(width, MAX_BYPASS_BITS));
}

function readBypass(from: BinSource, width: number): number {
  if (width <= MAX_BYPASS_BITS) return from.decodeBypass(width);
  const high = from.decodeBypass(width - MAX_BYPASS_BITS);
  return high * 2 ** MAX_BYPASS_BITS + from.decodeBypass(MAX_BYPASS_BITS);
}
