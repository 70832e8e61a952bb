import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrequencyTable, frequenciesFromCounts, TOTAL } from './frequency-table.ts';

const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
const skewed = fc
  .tuple(fc.nat(40), fc.nat(1000))
  .map(([shift, v]) => Math.floor((v / 1000) * 2 ** (shift / 2)));
const anyCounts = fc.array(skewed, { minLength: 1, maxLength: 300 });

describe('frequencies from counts', () => {
  it('golden', () => {
    expect([...frequenciesFromCounts([1])]).toEqual([65_536]);
    expect([...frequenciesFromCounts([0, 0, 0])]).toEqual([21_846, 21_845, 21_845]);
    expect([...frequenciesFromCounts([1, 1, 1, 0])]).toEqual([21_845, 21_845, 21_845, 1]);
    expect([...frequenciesFromCounts([2, 1, 4])]).toEqual([18_725, 9362, 37_449]);
    // The last but one has a share just above 1, which raising the first to 1 makes smaller.
    expect([...frequenciesFromCounts([0, 1, 65_534])]).toEqual([1, 1, 65_534]);
    expect(new Set(frequenciesFromCounts(new Int32Array(65_536)))).toEqual(new Set([1]));
  });

  it('at least 1, sum 2^16, in the order of the counts', () => {
    fc.assert(
      fc.property(anyCounts, (counts) => {
        const frequencies = frequenciesFromCounts(counts);
        expect(sum(frequencies)).toBe(TOTAL);
        expect(Math.min(...frequencies)).toBeGreaterThanOrEqual(1);
        const order = counts.map((_, s) => s).sort((a, b) => counts[a]! - counts[b]!);
        for (let i = 1; i < order.length; i++) {
          const [less, more] = [order[i - 1]!, order[i]!];
          const slack = counts[less] === counts[more] ? 1 : 0;
          expect(frequencies[more]! + slack).toBeGreaterThanOrEqual(frequencies[less]!);
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('close to the shares where none is small', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 50, max: 5000 }), { minLength: 1, maxLength: 60 }), (counts) => {
        const total = sum(counts);
        for (const [s, frequency] of frequenciesFromCounts(counts).entries()) {
          expect(Math.abs(frequency - (counts[s]! / total) * TOTAL)).toBeLessThan(1);
        }
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it.each([
    [[]],
    [[-1, 2]],
    [[0.5]],
    [[Number.NaN]],
    [[2 ** 53]],
    [[2 ** 36, 1]],
    [new Int8Array(65_537)],
  ])('refuses %#', (counts) => {
    expect(() => frequenciesFromCounts(counts)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});

describe('table', () => {
  it('finds the symbol of every value', () => {
    fc.assert(
      fc.property(anyCounts, (counts) => {
        const table = new FrequencyTable(frequenciesFromCounts(counts));
        expect(table.size).toBe(counts.length);
        for (let symbol = 0; symbol < table.size; symbol++) {
          const from = table.cumulative[symbol]!;
          const to = table.cumulative[symbol + 1]!;
          expect([from, to - 1, (from + to) >> 1].map((v) => table.symbolAt(v))).toEqual([
            symbol,
            symbol,
            symbol,
          ]);
          expect(2 ** -table.bits(symbol) * TOTAL).toBeCloseTo(to - from, 6);
        }
      }),
      { seed: 3, numRuns: 100 },
    );
    const finest = new FrequencyTable(new Int32Array(TOTAL).fill(1));
    expect([0, 15, 16, 40_000, 65_535].map((v) => finest.symbolAt(v))).toEqual([0, 15, 16, 40_000, 65_535]);
  });

  it.each([
    [[65_535]],
    [[65_536, 0]],
    [[65_537, -1]],
    [[32_768.5, 32_767.5]],
    [[]],
    [[2 ** 31, 2 ** 31]],
  ])('refuses %j', (frequencies) => {
    expect(() => new FrequencyTable(frequencies)).toThrow(expect.objectContaining({ code: 'bad-weights' }));
  });
});
