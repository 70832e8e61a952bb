import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodecError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import { type BinCoder, binCoderNames, binCoders } from './bin-coders.ts';
import {
  adaptiveTree,
  type Binarization,
  expGolomb,
  truncatedBinary,
  truncatedUnary,
  unary,
} from './binarization.ts';
import { BinEstimate, type BinSink } from './bins.ts';

/** One of each kind and more, with the largest value it takes. */
const binarizations: Record<string, [Binarization, number]> = {
  unary: [unary(), 65_535],
  'truncated unary, 0': [truncatedUnary(0), 0],
  'truncated unary, 1': [truncatedUnary(1), 1],
  'truncated unary, 20': [truncatedUnary(20), 20],
  'truncated binary, 1': [truncatedBinary(1), 0],
  'truncated binary, 5': [truncatedBinary(5), 4],
  'truncated binary, 1024': [truncatedBinary(1024), 1023],
  'truncated binary, 100000': [truncatedBinary(100_000), 99_999],
  'Exp-Golomb 0': [expGolomb(0, 10), 2 ** 31 - 1],
  'Exp-Golomb 3, bypassed': [expGolomb(3), 2 ** 31 - 1],
  'Exp-Golomb 20': [expGolomb(20, 2), 2 ** 31 - 1],
  'tree of 1': [adaptiveTree(1), 0],
  'tree of 2': [adaptiveTree(2), 1],
  'tree of 1000': [adaptiveTree(1000), 999],
  'tree of 65536': [adaptiveTree(65_536), 65_535],
};
const anyBinarization = fc.constantFrom(...Object.keys(binarizations)).map((name) => binarizations[name]!);
const anyTask = fc.tuple(anyBinarization, fc.nat(150), fc.nat(), fc.integer({ min: 1, max: 30 }));

/** Values that are mostly small, the more so the larger `skew`. */
function draw(max: number, count: number, seed: number, skew: number): number[] {
  const rng = new Rng(seed);
  // Long unary codes are slow and prove nothing more.
  const size = Math.min(max, skew > 5 ? max : 3000) + 1;
  return Array.from({ length: count }, () => Math.floor(size * rng.uniform() ** skew));
}

describe.each(binCoderNames)('%s', (name) => {
  const coder: BinCoder = binCoders[name];

  it('decodes what was encoded, in any binarization', () => {
    fc.assert(
      fc.property(anyTask, fc.nat(5), ([[binarization, max], count, seed, skew], base) => {
        const values = draw(max, count, seed, skew);
        const encoder = coder.encoder(binarization.contexts + base);
        for (const value of values) {
          binarization.write(encoder, value, base);
          encoder.encodeTerminate(0);
        }
        encoder.encodeTerminate(1);
        const decoder = coder.decoder(encoder.finish(), binarization.contexts + base);
        for (const value of values) {
          expect(binarization.read(decoder, base)).toBe(value);
          expect(decoder.decodeTerminate()).toBe(0);
        }
        expect(decoder.decodeTerminate()).toBe(1);
        expect(decoder.hasUnusedBytes).toBe(false);
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  it('bypassed values of any width', () => {
    const encoder = coder.encoder(0);
    for (let width = 0; width <= 16; width++) encoder.encodeBypass(0x15a5a, width);
    const decoder = coder.decoder(encoder.finish(), 0);
    for (let width = 0; width <= 16; width++) {
      expect(decoder.decodeBypass(width)).toBe(0x15a5a & (2 ** width - 1));
    }
  });

  it('any bytes decode to values in range, or bad-container', () => {
    fc.assert(
      fc.property(
        anyBinarization,
        fc.uint8Array({ maxLength: 60 }),
        fc.nat(3),
        ([binarization, max], tail, head) => {
          const bytes = Uint8Array.of(...new Array<number>(3 * head).fill(255), ...tail);
          const decoder = coder.decoder(bytes, binarization.contexts);
          try {
            for (let i = 0; i < 50; i++) {
              const value = binarization.read(decoder);
              expect(Number.isInteger(value) && value >= 0 && value <= max).toBe(true);
              expect(decoder.decodeBypass(i % 17)).toBeLessThan(2 ** (i % 17));
            }
          } catch (error) {
            expect(error).toBeInstanceOf(CodecError);
            expect(error).toMatchObject({ code: 'bad-container' });
          }
        },
      ),
      { seed: 2, numRuns: 400 },
    );
  });

  it.each([
    ['a fair bin', [0.5], { cabac: 1.02, 'two-rate': 1.01 }],
    ['a rare bin', [0.01], { cabac: 1.15, 'two-rate': 1.11 }],
    ['bins that are nearly never 1', [0.0005], { cabac: 5.3, 'two-rate': 1.9 }],
    ['contexts of several probabilities', [0.5, 0.3, 0.1, 0.03, 0.9], { cabac: 1.04, 'two-rate': 1.02 }],
  ])('comes as close to the entropy as its windows allow: %s', (_, probabilities, factors) => {
    const rng = new Rng(5);
    const encoder = coder.encoder(probabilities.length);
    let [entropy, estimated] = [0, 0];
    for (let i = 0; i < 300_000; i++) {
      const context = i % probabilities.length;
      const p = probabilities[context]!;
      const bin = rng.uniform() < p ? 1 : 0;
      entropy -= p * Math.log2(p) + (1 - p) * Math.log2(1 - p);
      estimated += encoder.bits(bin, context);
      encoder.encode(bin, context);
    }
    const coded = 8 * encoder.finish().length;
    expect(coded / entropy).toBeLessThan(factors[name]);
    // The estimate that rate-distortion optimisation uses.
    expect(Math.abs(estimated / coded - 1)).toBeLessThan(0.03);
  });

  it('adapts: a tree learns the distribution of its values', () => {
    const tree = adaptiveTree(256);
    const encoder = coder.encoder(tree.contexts);
    const rng = new Rng(9);
    const weights = Array.from({ length: 256 }, (_, s) => Math.exp(-Math.abs(s - 90) / 9));
    const sum = weights.reduce((a, b) => a + b);
    const entropy = -weights.reduce((bits, w) => bits + (w / sum) * Math.log2(w / sum), 0);
    for (let i = 0; i < 100_000; i++) {
      let [left, symbol] = [rng.uniform() * sum, 0];
      while (symbol < 255 && left >= weights[symbol]!) left -= weights[symbol++]!;
      tree.write(encoder, symbol);
    }
    const bits = (8 * encoder.finish().length) / 100_000;
    expect(bits / entropy).toBeGreaterThan(0.99);
    expect(bits / entropy).toBeLessThan(name === 'cabac' ? 1.06 : 1.03);
  });

  it('an estimate of a value is what it adds to the code, and changes nothing', () => {
    const golomb = expGolomb(1, 8);
    const encoder = coder.encoder(8);
    const estimate = new BinEstimate(encoder);
    for (const value of draw(200, 20_000, 3, 4)) {
      golomb.write(estimate, value);
      golomb.write(encoder, value);
    }
    expect(Math.abs(estimate.bits / (8 * encoder.finish().length) - 1)).toBeLessThan(0.02);
  });
});

describe('binarizations', () => {
  /** The bins of a value as text. */
  function bins(binarization: Binarization, value: number): string {
    let text = '';
    const sink: BinSink = {
      encode: (bin) => {
        text += bin;
      },
      encodeBypass: (bits, width) => {
        text += width > 0 ? (bits & (2 ** width - 1)).toString(2).padStart(width, '0') : '';
      },
    };
    binarization.write(sink, value);
    return text;
  }

  it.each([
    ['unary', unary(), ['0', '10', '110', '1110']],
    ['truncated unary', truncatedUnary(3), ['0', '10', '110', '111']],
    ['truncated binary of 5', truncatedBinary(5), ['00', '01', '10', '110', '111']],
    ['truncated binary of 8', truncatedBinary(8), ['000', '001', '010', '011', '100', '101', '110', '111']],
    ['Exp-Golomb 0', expGolomb(0), ['0', '100', '101', '11000', '11001', '11010', '11011', '1110000']],
    ['Exp-Golomb 1', expGolomb(1), ['00', '01', '1000', '1001', '1010', '1011', '110000']],
    ['tree of 3', adaptiveTree(3), ['00', '01', '1']],
    ['tree of 5', adaptiveTree(5), ['000', '001', '010', '011', '1']],
  ])('%s: golden', (_, binarization, expected) => {
    expect(expected.map((__, value) => bins(binarization, value))).toEqual(expected);
  });

  it.each(Object.entries(binarizations))('%s refuses what is out of range', (_, [binarization, max]) => {
    for (const bad of [-1, max + 1, Number.NaN]) {
      expect(() => bins(binarization, bad)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
    }
  });

  it('no endless run of ones', () => {
    const ones = { decode: () => 1 as const, decodeBypass: (width: number) => 2 ** width - 1 };
    for (const endless of [unary(), expGolomb(0), expGolomb(5, 3)]) {
      expect(() => endless.read(ones)).toThrow(expect.objectContaining({ code: 'bad-container' }));
    }
  });
});
