import { exponential, LOGIT_UNIT, MAX_LOGIT, stretch } from '../../entropy/logistic.ts';

/**
 * Which half of an interval of integers a Laplace-distributed sample lies in. Means and logarithms of scales are in units of 2^-8;
 * all that is computed are integers, held in doubles where 32 bits do not do, so that every machine parses a file alike.
 */

export const PARAMETER_BITS = 8;
export const UNIT = 1 << PARAMETER_BITS;
/** log2 of the narrowest and the widest scale. */
const MIN_LOG_SCALE = -4;
const MAX_LOG_SCALE = 15;
const STEPS_PER_OCTAVE = 16;
const STEP_SHIFT = 4;

/** 2^24 over the scale, by its step. */
const inverses = Float64Array.from(
  { length: (MAX_LOG_SCALE - MIN_LOG_SCALE) * STEPS_PER_OCTAVE + 1 },
  (_, step) => {
    const octaves = MIN_LOG_SCALE + step / STEPS_PER_OCTAVE;
    const whole = Math.floor(octaves);
    return Math.round((1 << (24 - whole)) / exponential(Math.LN2 * (octaves - whole)));
  },
);
/** 2^30 e^-t for t in units of 2^-11. */
const FALL_UNIT = 2 ** 30;
const FALL_BITS = 11;
const falls = Float64Array.from({ length: 20 << FALL_BITS }, (_, t) => {
  // The series is good for 11.
  const root = exponential(-t / (2 << FALL_BITS));
  return Math.round(FALL_UNIT * root * root);
});
/** Halves below this share of the scale, in the same units, fall alike. */
const FLAT = 1 << (FALL_BITS - 6);

/** Number of the scale nearest to a logarithm in units of 2^-8. */
export function scaleStep(logScale: number): number {
  const step = (logScale - MIN_LOG_SCALE * UNIT + (1 << (STEP_SHIFT - 1))) >> STEP_SHIFT;
  return step < 0 ? 0 : step >= inverses.length ? inverses.length - 1 : step;
}

/** 2^30 times the probability of less than a distance above the mean, in units of 2^-8. */
function below(distance: number, inverse: number): number {
  const t = Math.floor((Math.abs(distance) * inverse) / 2 ** (24 + PARAMETER_BITS - FALL_BITS));
  const tail = t < falls.length ? falls[t]! / 2 : 0;
  return distance < 0 ? tail : FALL_UNIT - tail;
}

/**
 * Log-odds, in units of 2^-8, that a sample known to be one of the 2 * half integers from `low` on is of the upper half.
 * @param scale number of the scale
 */
export function upperHalfLogit(low: number, half: number, mean: number, scale: number): number {
  const inverse = inverses[scale]!;
  if (half * inverse < FLAT * 2 ** (24 - FALL_BITS)) return 0;
  const from = low * UNIT - UNIT / 2 - mean;
  const to = from + 2 * half * UNIT;
  if (from >= 0 || to <= 0) {
    // On one side of the mean both halves fall alike: their ratio is e^(-half / scale).
    const ratio = Math.floor((half * UNIT * inverse) / 2 ** 24);
    const logit = ratio > MAX_LOGIT ? MAX_LOGIT : ratio;
    return from >= 0 ? -logit : logit;
  }
  const bottom = below(from, inverse);
  const middle = below(from + half * UNIT, inverse);
  const top = below(to, inverse);
  const mass = top - bottom;
  if (mass < 2 ** 10) return from + half * UNIT < 0 ? LOGIT_UNIT : -LOGIT_UNIT;
  return stretch(Math.min(65_535, Math.floor(((top - middle) * 65_536) / mass)));
}
