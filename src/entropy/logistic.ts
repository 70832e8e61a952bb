/**
 * Log-odds in fixed point: ln(p / (1 - p)) in units of 1 / 256, in [-MAX_LOGIT, MAX_LOGIT]; probabilities are of 2^16
 * (Mahoney 2005, PAQ: `stretch` and `squash`). The tables are computed with additions, multiplications and divisions only,
 * which IEEE 754 defines to the last bit: they are the same on every machine.
 */

export const LOGIT_UNIT = 256;
/** ln(65535) is 11.09: what lies further out has no probability of 2^16. */
export const MAX_LOGIT = 11 * LOGIT_UNIT;

const squashed = new Uint16Array(2 * MAX_LOGIT + 1);
for (let logit = -MAX_LOGIT; logit <= MAX_LOGIT; logit++) {
  const p = Math.round(65_536 / (1 + exponential(-logit / LOGIT_UNIT)));
  squashed[logit + MAX_LOGIT] = Math.max(1, Math.min(65_535, p));
}

/** Log-odds of probabilities in steps of 2^-12, of the middle of each step. */
const stretched = new Int16Array(4096);
for (let step = 0, logit = -MAX_LOGIT; step < 4096; step++) {
  while (logit < MAX_LOGIT && squashed[logit + MAX_LOGIT]! < 16 * step + 8) logit++;
  stretched[step] = logit;
}

/** Probability in [1, 65535] of log-odds; those out of range count as the nearest in range. */
export function squash(logit: number): number {
  return squashed[Math.max(-MAX_LOGIT, Math.min(MAX_LOGIT, logit)) + MAX_LOGIT]!;
}

/** Log-odds of a probability in [0, 65535], to 12 bits. */
export function stretch(probability: number): number {
  return stretched[probability >>> 4]!;
}

/** e^x for |x| up to 50, to about 13 digits and the same everywhere: the series of x / 2^10, squared ten times. */
export function exponential(x: number): number {
  const y = x / 1024;
  let term = 1;
  let sum = 1;
  for (let n = 1; n < 12; n++) {
    term = (term * y) / n;
    sum += term;
  }
  for (let i = 0; i < 10; i++) sum *= sum;
  return sum;
}
