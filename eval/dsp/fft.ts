import { fft as forward, ifft as inverse } from 'fourier-transform';

/** Bins 0 to n / 2 of the spectrum of n real samples. */
export interface Spectrum {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** The smallest power of two that is at least `n`. */
export function nextPowerOfTwo(n: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, n)));
}

/** Unscaled DFT of real samples; their number is a power of two. The arrays are the caller's. */
export function realFft(samples: Float64Array): Spectrum {
  const bins = samples.length / 2 + 1;
  const [re, im] = forward(samples, [new Float64Array(bins), new Float64Array(bins)]);
  return { re, im };
}

/** As `realFft`, into arrays that the next call of the same size overwrites. */
export function realFftShared(samples: Float64Array): Spectrum {
  const [re, im] = forward(samples);
  return { re, im };
}

/** The n = 2 (bins - 1) real samples of a spectrum, divided by n. The array is the caller's. */
export function inverseRealFft({ re, im }: Spectrum): Float64Array {
  return inverse(re, im, new Float64Array(2 * (re.length - 1)));
}

/** The spectrum of the circular cross-correlation: conj(a) b, bin by bin. */
export function crossSpectrum(a: Spectrum, b: Spectrum): Spectrum {
  const re = new Float64Array(a.re.length);
  const im = new Float64Array(a.re.length);
  for (let k = 0; k < re.length; k++) {
    re[k] = a.re[k]! * b.re[k]! + a.im[k]! * b.im[k]!;
    im[k] = a.re[k]! * b.im[k]! - a.im[k]! * b.re[k]!;
  }
  return { re, im };
}

/**
 * Cross-correlation of two whole sequences: element `lag + a.length - 1` is the sum of a[i] b[i + lag], for lags from
 * -(a.length - 1) to b.length - 1.
 */
export function crossCorrelation(a: Float64Array, b: Float64Array): Float64Array {
  const n = nextPowerOfTwo(a.length + b.length - 1);
  const padded = (x: Float64Array) => {
    const out = new Float64Array(n);
    out.set(x);
    return realFft(out);
  };
  const circular = inverseRealFft(crossSpectrum(padded(a), padded(b)));
  const out = new Float64Array(a.length + b.length - 1);
  for (let i = 0; i < out.length; i++) out[i] = circular[(i - (a.length - 1) + n) % n]!;
  return out;
}

/** The periodic Hann window, `0.5 - 0.5 cos(2 pi i / length)`. */
export function periodicHann(length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length));
}
