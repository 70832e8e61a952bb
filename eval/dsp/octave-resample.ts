/** Stop-band rejection of the filter. */
const REJECTION_DB = 60;
/** Transition band as a part of the cut-off. */
const ROLL_OFF = 0.1;

/**
 * Resampling by `toHz` / `fromHz` as Octave's `resample` does it, which STOI's reference uses: a Kaiser-windowed sinc of unit
 * sum. Output sample k lies at the time of input sample k fromHz / toHz; there are ceil(length toHz / fromHz).
 */
export function octaveResample(samples: Float64Array, fromHz: number, toHz: number): Float64Array {
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const [up, down] = [toHz / divisor, fromHz / divisor];
  if (up === down) return samples;
  const { taps, half } = lowPass(Math.max(up, down));
  const out = new Float64Array(Math.ceil((samples.length * up) / down));
  for (let k = 0; k < out.length; k++) {
    // Taps meet every up-th point of the input spread out by zeros.
    const centre = k * down;
    const first = Math.max(0, Math.ceil((centre - half) / up));
    const last = Math.min(samples.length - 1, Math.floor((centre + half) / up));
    let sum = 0;
    for (let i = first; i <= last; i++) sum += samples[i]! * taps[centre - i * up + half]!;
    out[k] = sum * up;
  }
  return out;
}

/** The filter for cutting at 1 / (2 `factor`) of the spread-out rate: 2 half + 1 taps of sum 1. */
function lowPass(factor: number): { taps: Float64Array; half: number } {
  const cutoff = 1 / (2 * factor);
  const half = Math.ceil((REJECTION_DB - 8) / (28.714 * ROLL_OFF * cutoff));
  // Kaiser's formula for rejections above 50 dB.
  const beta = 0.1102 * (REJECTION_DB - 8.7);
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const t = i - half;
    const x = 2 * cutoff * t;
    const sinc = t === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    return sinc * besselI0(beta * Math.sqrt(Math.max(0, 1 - (t / half) ** 2)));
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return { taps: taps.map((tap) => tap / sum), half };
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function besselI0(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
