import { octaves } from '../core/octaves.ts';
import { TOTAL_BITS } from './frequency-table.ts';
import { exponential } from './logistic.ts';

/**
 * Laplace distributions over integers as integer frequency tables: a quarter octave from one scale to the next, a sixteenth
 * from one mean to the next. Computed with additions, multiplications and divisions only, they are the same on every machine.
 */

/** log2 of the narrowest and the widest scale. */
export const MIN_LOG_SCALE = -4;
export const MAX_LOG_SCALE = 6;
/** Fixed-point parameters have this many bits after the point. */
export const PARAMETER_BITS = 8;
const UNIT = 1 << PARAMETER_BITS;

const SCALES_PER_OCTAVE_BITS = 2;
const SCALE_SHIFT = PARAMETER_BITS - SCALES_PER_OCTAVE_BITS;
const SCALES = ((MAX_LOG_SCALE - MIN_LOG_SCALE) << SCALES_PER_OCTAVE_BITS) + 1;
const MEAN_BITS = 4;
const MEANS = 1 << MEAN_BITS;
const MAX_RADIUS = 255;
/** Beyond so many scales from the mean there is less than 2^-16. */
const RADIUS_SCALES = 11;

/** Frequencies of the integers from -radius to radius around the rounded mean, and of all others together. */
export interface LaplaceTable {
  readonly radius: number;
  /** Sums of the frequencies before each; one more holds the total, 2^16. */
  readonly cumulative: Int32Array;
  /** Ideal code length of each. For estimates only. */
  readonly bits: Float32Array;
}

const tables: (LaplaceTable | undefined)[] = new Array(SCALES * MEANS);

/**
 * Number of the table for parameters in units of 2^-8.
 * @param mean of the distribution; the table is for the distance from `roundedMean(mean)`
 * @param logScale log2 of the scale; out of range counts as the nearest in range
 */
export function laplaceIndex(mean: number, logScale: number): number {
  const rounding = 1 << (SCALE_SHIFT - 1);
  const step = (logScale - MIN_LOG_SCALE * UNIT + rounding) >> SCALE_SHIFT;
  const scale = step < 0 ? 0 : step >= SCALES ? SCALES - 1 : step;
  return (scale << MEAN_BITS) | (((mean + UNIT / 2) & (UNIT - 1)) >> (PARAMETER_BITS - MEAN_BITS));
}

/** The integer nearest to a mean in units of 2^-8. */
export function roundedMean(mean: number): number {
  return (mean + UNIT / 2) >> PARAMETER_BITS;
}

/** The table with that number. */
export function laplaceTable(index: number): LaplaceTable {
  tables[index] ??= makeTable(index >> MEAN_BITS, index & (MEANS - 1));
  return tables[index];
}

function makeTable(scaleStep: number, meanStep: number): LaplaceTable {
  const scale = octaves((MIN_LOG_SCALE << SCALES_PER_OCTAVE_BITS) + scaleStep);
  const mean = (meanStep + 0.5) / MEANS - 0.5;
  const radius = Math.min(MAX_RADIUS, Math.ceil(RADIUS_SCALES * scale) + 1);
  const symbols = 2 * radius + 2;
  // e^-50 counts as nothing.
  const tail = (distance: number) => 0.5 * exponential(-Math.min(50, distance / scale));
  const below = (x: number) => (x < mean ? tail(mean - x) : 1 - tail(x - mean));
  const free = 2 ** TOTAL_BITS - symbols;
  const frequencies = new Int32Array(symbols);
  let left = free;
  for (let s = 0; s < symbols - 1; s++) {
    const k = s - radius;
    const share = Math.floor((below(k + 0.5) - below(k - 0.5)) * free);
    frequencies[s] = 1 + share;
    left -= share;
  }
  frequencies[symbols - 1] = 1;
  // What rounding down left goes to the middle, where it changes least.
  frequencies[radius]! += left;
  const cumulative = new Int32Array(symbols + 1);
  for (let s = 0; s < symbols; s++) cumulative[s + 1] = cumulative[s]! + frequencies[s]!;
  return { radius, cumulative, bits: Float32Array.from(frequencies, (f) => TOTAL_BITS - Math.log2(f)) };
}
