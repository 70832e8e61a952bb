import { CodecError } from '../../src/index.ts';
import { type InterpolationName, interpolations, type PiecewiseCubic } from './piecewise-cubic.ts';

/** One setting of a codec: what it costs and what it gives. */
export interface RatePoint {
  /** Any unit, the same in both curves: kbps, bits per pixel. Above 0. */
  readonly rate: number;
  /** Higher is better: give distances with their sign turned. */
  readonly quality: number;
}

export interface BjontegaardOptions {
  /** Default `pchip`. */
  readonly interpolation?: InterpolationName;
}

/**
 * Bjontegaard delta rate, in percent: the mean difference in rate at equal quality over the qualities both curves reach.
 * Negative: `test` needs less than `anchor`. (Bjontegaard, VCEG-M33, 2001; piecewise instead of one cubic as in VCEG-AL22 and
 * JVET's common test conditions.)
 *
 * Throws `bad-argument` for fewer than two usable points in a curve, or curves with no quality in common.
 */
export function bdRate(
  anchor: readonly RatePoint[],
  test: readonly RatePoint[],
  options: BjontegaardOptions = {},
): number {
  const of = (points: readonly RatePoint[]) =>
    points.map(({ rate, quality }) => [quality, Math.log10(rate)] as const);
  return 100 * (10 ** meanDifference('BD-rate', of(anchor), of(test), options) - 1);
}

/**
 * Bjontegaard delta of a metric, in its unit: the mean difference in quality at equal rate over the rates both curves cover.
 * Positive: `test` is better. Source and errors as for `bdRate`.
 */
export function bdMetric(
  anchor: readonly RatePoint[],
  test: readonly RatePoint[],
  options: BjontegaardOptions = {},
): number {
  const of = (points: readonly RatePoint[]) =>
    points.map(({ rate, quality }) => [Math.log10(rate), quality] as const);
  return meanDifference('BD-metric', of(anchor), of(test), options);
}

type Knots = readonly (readonly [number, number])[];

function meanDifference(name: string, anchor: Knots, test: Knots, options: BjontegaardOptions): number {
  const interpolate = interpolations[options.interpolation ?? 'pchip'];
  const [a, b] = [curve(name, anchor, interpolate), curve(name, test, interpolate)];
  const low = Math.max(a.from, b.from);
  const high = Math.min(a.to, b.to);
  if (!(high > low)) {
    throw new CodecError('bad-argument', {
      what: `cannot compute ${name}`,
      found: `curves over ${span(a)} and ${span(b)}`,
      expected: 'some range in common',
      remedy: 'Add settings until the curves overlap.',
    });
  }
  return (b.integral(low, high) - a.integral(low, high)) / (high - low);
}

function curve(
  name: string,
  knots: Knots,
  interpolate: (x: readonly number[], y: readonly number[]) => PiecewiseCubic,
): PiecewiseCubic {
  const sorted = knots.filter((knot) => knot.every(Number.isFinite)).sort(([p], [q]) => p - q);
  // Where two settings give the same, the cheaper or better one stands for both.
  const distinct = sorted.filter(([x], i) => i === 0 || x > sorted[i - 1]![0]);
  if (distinct.length < 2) {
    throw new CodecError('bad-argument', {
      what: `cannot compute ${name}`,
      found: `${distinct.length} usable points in a curve`,
      expected: 'at least 2, better 4 or more',
    });
  }
  return interpolate(
    distinct.map(([x]) => x),
    distinct.map(([, y]) => y),
  );
}

function span({ from, to }: PiecewiseCubic): string {
  return `${from.toPrecision(4)} to ${to.toPrecision(4)}`;
}
