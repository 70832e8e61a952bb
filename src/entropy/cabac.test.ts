import { describe, expect, it } from 'vitest';
import { crc32c } from '../bitstream/crc32c.ts';
import { CabacDecoder, CabacEncoder } from './cabac.ts';
import { rangeTabLps, transIdxLps, transIdxMps } from './cabac-tables.ts';

describe('tables', () => {
  /** Probability of the less probable bin in a state. */
  const probability = (state: number) => 0.5 * 0.0375 ** (state / 63);

  it('are those of the standard: check sums of its tables, typed from another copy of it', () => {
    expect(crc32c(rangeTabLps)).toBe(0xb70f467e);
    expect(crc32c(transIdxLps)).toBe(0x22e78c4a);
    expect([...transIdxMps]).toEqual([...Array.from({ length: 62 }, (_, s) => s + 1), 62, 63]);
  });

  it('give the less probable bin its share of the middle of each range quarter, to one unit', () => {
    for (let state = 0; state < 63; state++) {
      for (let quarter = 0; quarter < 4; quarter++) {
        // In the lowest quarter the other bin must keep 128 of 256.
        const share = Math.min(probability(state) * (288 + 64 * quarter), quarter === 0 ? 128 : 512);
        expect(Math.abs(rangeTabLps[4 * state + quarter]! - share)).toBeLessThan(1);
      }
    }
    expect([...rangeTabLps.subarray(252)]).toEqual([2, 2, 2, 2]);
  });

  it('move as exponential averages do, to the nearest state but for rounding', () => {
    const alpha = 0.0375 ** (1 / 63);
    for (let state = 0; state < 63; state++) {
      const after = alpha * probability(state) + 1 - alpha;
      // Beyond one half the two bins change places, which the table leaves to state 0.
      const exact = Math.max(0, Math.log(2 * after) / Math.log(alpha));
      expect(Math.abs(transIdxLps[state]! - exact)).toBeLessThan(0.7);
      expect(alpha * probability(state)).toBeCloseTo(probability(state + 1), 12);
    }
  });
});

/** A bin in a context; bypassed; terminating. */
type Bin = readonly [context: number | 'bypass' | 'terminate', bin: number];

const repeat = <T>(count: number, value: T) => new Array<T>(count).fill(value);

/** The same bins as the Python script's generator makes. */
function pseudoRandom(count: number): Bin[] {
  let x = 1;
  const bins = Array.from({ length: count }, (): Bin => {
    x = (Math.imul(x, 1103515245) + 12345) & 0x7fffffff;
    const kind = (x >> 16) % 8;
    if (kind === 0) return ['bypass', (x >> 20) & 1];
    if (kind === 1) return ['terminate', 0];
    const context = (x >> 19) % 3;
    return [context, (x >> 22) % 16 < [1, 5, 12][context]! ? 1 : 0];
  });
  return [...bins, ['terminate', 1]];
}

describe('golden words, from the flow charts of H.264 9.3.4 bit by bit in Python', () => {
  it.each([
    [[['terminate', 1]], 'fe80'],
    [[...repeat(50, [0, 0]), ['terminate', 1]], '00018b'],
    [
      [
        ...repeat(5, [0, 1]),
        ...[1, 0, 1, 1].map((bin) => ['bypass', bin]),
        ...repeat(3, [0, 0]),
        ['terminate', 0],
        ['terminate', 1],
      ],
      '8ed3d8',
    ],
    [pseudoRandom(300), '4700f5f9005052b8187154d0deb1f5a192f6f7c35893f988e55fc0'],
  ] as [Bin[], string][])('%#', (bins, words) => {
    const encoder = new CabacEncoder(3);
    for (const [context, bin] of bins) {
      if (context === 'bypass') encoder.encodeBypass(bin, 1);
      else if (context === 'terminate') encoder.encodeTerminate(bin);
      else encoder.encode(bin, context);
    }
    const bytes = encoder.finish();
    expect(Buffer.from(bytes).toString('hex')).toBe(words);
    const decoder = new CabacDecoder(bytes, 3);
    const decoded = bins.map(([context]) => {
      if (context === 'bypass') return [context, decoder.decodeBypass(1)];
      return [context, context === 'terminate' ? decoder.decodeTerminate() : decoder.decode(context)];
    });
    expect(decoded).toEqual(bins);
    expect(decoder.hasUnusedBytes).toBe(false);
  });
});
