import { Rng } from '../../src/index.ts';

const RESAMPLES = 2000;
const CONFIDENCE = 0.95;

/** A mean and the interval it lies in with 95 % confidence. */
export interface MeanInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** Values it was taken from. */
  readonly count: number;
}

/**
 * Mean of values with its 95 % percentile bootstrap interval (Efron 1979): 2000 resamples of the values with replacement. The
 * same seed gives the same interval. NaN of no values; infinite means have no interval of finite width.
 */
export function bootstrapMean(values: readonly number[], seed = 0): MeanInterval {
  const count = values.length;
  const mean = meanOf(values);
  if (count < 2 || !Number.isFinite(mean)) return { mean, low: mean, high: mean, count };
  const rng = new Rng(seed);
  const means = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += values[rng.int(count)]!;
    return sum / count;
  }).sort();
  const tail = (1 - CONFIDENCE) / 2;
  return { mean, low: quantile(means, tail), high: quantile(means, 1 - tail), count };
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Linear between the neighbours in order. */
function quantile(sorted: Float64Array, p: number): number {
  const at = p * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return below + (above - below) * (at - Math.floor(at));
}
