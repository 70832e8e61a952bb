import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodecError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import { decodeLevels } from './level-decoder.ts';
import { MAX_LEVEL } from './level-model.ts';
import { encodeLevels } from './levels.ts';

const encode = (levels: ArrayLike<number>, rowLength: number) =>
  encodeLevels(levels.length, rowLength, (i) => levels[i]!);

function expectRoundTrip(levels: Int32Array, rowLength: number): Uint8Array {
  const { bytes } = encode(levels, rowLength);
  const decoded = decodeLevels(bytes, levels.length, rowLength);
  expect(decoded.findIndex((level, i) => level !== levels[i])).toBe(-1);
  return bytes;
}

/** Normal levels whose scale differs from row to row. */
function weights(rows: number, rowLength: number, scale: number, seed: number): Int32Array {
  const rng = new Rng(seed);
  const scales = Array.from({ length: rows }, () => scale * (0.5 + rng.uniform()));
  return Int32Array.from({ length: rows * rowLength }, (_, i) =>
    Math.round(rng.normal() * scales[Math.floor(i / rowLength)]!),
  );
}

describe('levels of weights', () => {
  it('golden', () => {
    const levels = [0, 1, -1, 2, -3, 4, 0, 0, 17, -250, 3, MAX_LEVEL, -MAX_LEVEL, 1, 0, -70_000];
    const { bytes } = encode(levels, 4);
    expect(Buffer.from(bytes).toString('hex')).toBe('52c76657dd0eb816e55f01aef94a0319b802ac2c3392314b10ba64');
    expect([...decodeLevels(bytes, levels.length, 4)]).toEqual(levels);
  });

  it('decodes what was encoded: any scale, any row length', () => {
    const any = fc.tuple(fc.nat(12), fc.integer({ min: 1, max: 40 }), fc.nat(30), fc.nat());
    fc.assert(
      fc.property(any, ([rows, rowLength, octave, seed]) => {
        const levels = weights(rows, rowLength, 2 ** (octave - 4), seed).map((level) =>
          Math.max(-MAX_LEVEL, Math.min(MAX_LEVEL, level)),
        );
        expectRoundTrip(levels, rowLength);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('decodes what was encoded: levels without any order', () => {
    const level = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: -70_000, max: 70_000 }),
      fc.integer({ min: -MAX_LEVEL, max: MAX_LEVEL }),
    );
    fc.assert(
      fc.property(
        fc.array(level, { maxLength: 200 }),
        fc.integer({ min: 1, max: 30 }),
        (levels, rowLength) => {
          expectRoundTrip(Int32Array.from(levels), rowLength);
        },
      ),
      { seed: 2, numRuns: 500 },
    );
  });

  it.each([
    ['all zero', new Int32Array(100_000), 60],
    ['all 5', new Int32Array(100_000).fill(5), 25_400],
  ])('degenerate: %s', (_, levels, maxBytes) => {
    expect(expectRoundTrip(levels, 100).length).toBeLessThan(maxBytes);
  });

  it.each([0.3, 0.5, 1, 3, 8, 100])('normal levels of deviation %d: close to their entropy', (scale) => {
    const rng = new Rng(4);
    const levels = Int32Array.from({ length: 200_000 }, () => Math.round(rng.normal() * scale));
    const counts = new Map<number, number>();
    for (const level of levels) counts.set(level, (counts.get(level) ?? 0) + 1);
    const entropy = [...counts.values()].reduce((bits, n) => bits - n * Math.log2(n / levels.length), 0);
    const { bytes, estimatedBits } = encode(levels, 500);
    expect((8 * bytes.length) / entropy).toBeLessThan(1.03);
    expect(estimatedBits / (8 * bytes.length)).toBeCloseTo(1, 2);
  });

  it('learns the scale of rows and columns', () => {
    const levels = weights(300, 400, 6, 5);
    const shuffled = Int32Array.from(new Rng(6).shuffled(levels));
    const bytes = expectRoundTrip(levels, 400).length;
    expect(bytes).toBeLessThan(0.99 * expectRoundTrip(shuffled, 400).length);
  });

  it('any bytes decode to levels, or bad-container', () => {
    const start = fc.constantFrom([], [255, 255, 255, 255], [0, 0, 0, 0, 0]);
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 80 }), fc.nat(300), (head, tail, count) => {
        try {
          const levels = decodeLevels(Uint8Array.of(...head, ...tail), count, 7);
          expect(levels).toHaveLength(count);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
          expect(error).toMatchObject({ code: 'bad-container' });
        }
      }),
      { seed: 3, numRuns: 500 },
    );
    const { bytes } = encode(weights(10, 10, 4, 1), 10);
    expect(() => decodeLevels(bytes, 10, 10)).toThrow(/expected fewer for 10 levels/);
  });

  it.each([MAX_LEVEL + 1, 0.5, Number.NaN])('refuses %d', (level) => {
    expect(() => encode([level], 1)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});
