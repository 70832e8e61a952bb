import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { shared, sharedMissing } from '../../test/golden/shared.ts';
import { bdMetric, bdRate, type RatePoint } from './bjontegaard.ts';
import { bootstrapMean } from './bootstrap.ts';
import { interpolations } from './piecewise-cubic.ts';

const curve = (rates: number[], qualityAt: (rate: number) => number): RatePoint[] =>
  rates.map((rate) => ({ rate, quality: qualityAt(rate) }));
const logarithmic = (rate: number) => 30 + 6 * Math.log10(rate);

describe('Bjontegaard', () => {
  for (const interpolation of ['pchip', 'akima'] as const) {
    it(`${interpolation}: a curve moved by a factor in rate`, () => {
      const anchor = curve([1, 2, 4, 8, 16], logarithmic);
      const test = anchor.map(({ rate, quality }) => ({ rate: rate * 0.8, quality }));
      expect(bdRate(anchor, test, { interpolation })).toBeCloseTo(-20, 9);
      expect(bdRate(test, anchor, { interpolation })).toBeCloseTo(25, 9);
      expect(bdMetric(anchor, test, { interpolation })).toBeCloseTo(-6 * Math.log10(0.8), 9);
    });

    it(`${interpolation}: a curve moved up in quality, overlapping in part`, () => {
      const anchor = curve([1, 2, 4, 8], (rate) => rate ** 0.3);
      const test = curve([2, 4, 8, 16], (rate) => rate ** 0.3 + 0.5);
      expect(bdMetric(anchor, test, { interpolation })).toBeCloseTo(0.5, 2);
    });
  }

  it('order of the points does not matter', () => {
    const anchor = curve([1, 2, 4, 8], logarithmic);
    const test = curve([8, 1, 4, 2], (rate) => logarithmic(rate) + 1);
    expect(bdMetric(anchor, test)).toBeCloseTo(1, 9);
  });

  it('refuses curves that cannot be compared', () => {
    const low = curve([1, 2], () => 1).map((p, i) => ({ ...p, quality: 1 + i }));
    const high = low.map(({ rate, quality }) => ({ rate, quality: quality + 10 }));
    expect(() => bdRate(low, high)).toThrow(/some range in common/);
    expect(() => bdRate(low.slice(1), high)).toThrow(/1 usable points/);
  });

  it.skipIf(sharedMissing)('agrees with published curves of image codecs', () => {
    const text = readFileSync(shared('golden/baselines.md'), 'utf8');
    const jpeg = section(text, 'JPEG (libjpeg');
    const webp = section(text, 'WebP (libwebp');
    const avif = section(text, 'AVIF 4:2:0');
    // Bits per pixel are printed with three digits, hence the tolerance.
    expect(bdRate(jpeg, webp)).toBeCloseTo(-34.3, 0);
    expect(bdRate(jpeg, avif)).toBeCloseTo(-53.9, 0);
  });
});

/** bpp and PSNR of one table of the baselines. */
function section(text: string, title: string): RatePoint[] {
  const body = text.slice(text.indexOf(`### ${title}`)).split('\n\n')[1]!;
  return body
    .split('\n')
    .slice(2)
    .map((line) => line.split('|').map((cell) => Number(cell.trim())))
    .map((cells) => ({ rate: cells[2]!, quality: cells[3]! }));
}

describe('interpolation', () => {
  // Knots of Akima 1970, table 1.
  const x = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const y = [10, 10, 10, 10, 10, 10, 10.5, 15, 50, 60, 85];

  it('pchip keeps flat what is flat and never overshoots', () => {
    const { at, integral } = interpolations.pchip(x, y);
    expect(at(2.5)).toBe(10);
    expect(integral(0, 5)).toBeCloseTo(50, 12);
    for (let t = 0; t < 10; t += 0.01) expect(at(t + 0.01)).toBeGreaterThanOrEqual(at(t) - 1e-9);
  });

  it('both are exact on lines, and integrals match fine sums', () => {
    for (const of of Object.values(interpolations)) {
      const line = of([0, 1, 3, 7], [1, 3, 7, 15]);
      expect(line.at(5)).toBeCloseTo(11, 12);
      expect(line.integral(0.5, 6)).toBeCloseTo(5.5 + (36 - 0.25), 10);
      const bent = of(x, y);
      let sum = 0;
      for (let t = 0.0005; t < 9.3; t += 0.001) if (t > 1.7) sum += bent.at(t) * 0.001;
      expect(bent.integral(1.7, 9.3)).toBeCloseTo(sum, 1);
    }
  });

  it('akima is a parabola on a parabola', () => {
    const at = [0, 1, 2, 3, 4];
    const bent = interpolations.akima(
      at,
      at.map((t) => t * t),
    );
    expect(bent.at(2.5)).toBeCloseTo(6.25, 12);
    expect(bent.at(0.5)).toBeCloseTo(0.25, 12);
  });
});

describe('bootstrap', () => {
  it('gives the interval theory gives, and the same every time', () => {
    const values = Array.from({ length: 400 }, (_, i) => (i * 7919) % 400);
    const { mean, low, high } = bootstrapMean(values);
    const standardError = Math.sqrt((400 ** 2 - 1) / 12 / 400);
    expect(mean).toBe(199.5);
    expect((high - low) / (2 * 1.96 * standardError)).toBeCloseTo(1, 1);
    expect(bootstrapMean(values)).toEqual({ mean, low, high, count: 400 });
    expect(bootstrapMean(values, 1).low).not.toBe(low);
  });

  it('one value has no width', () => {
    expect(bootstrapMean([3])).toEqual({ mean: 3, low: 3, high: 3, count: 1 });
  });
});
