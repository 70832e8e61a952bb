/** Zero crossings of the interpolating sinc on either side. */
const CROSSINGS = 8;
/** Where the interpolation's band ends when reading faster, over the new rate's: room for its slope. */
const BAND_END = 0.9;
const FILTER_TAPS = 63;

/**
 * x read `factor` times as fast: `length` samples, pitch and tempo times the factor. Interpolated with a Hann-windowed sinc
 * (Smith, Digital Audio Resampling), which lets nothing fold back when the factor is above 1.
 * @param x at least `length * factor` samples
 */
export function resampled(x: Float32Array, factor: number, length: number): Float32Array<ArrayBuffer> {
  const cutoff = factor > 1 ? BAND_END / factor : 1;
  const reach = Math.ceil(CROSSINGS / cutoff);
  const y = new Float32Array(length);
  for (let t = 0; t < length; t++) {
    const place = t * factor;
    const first = Math.floor(place) - reach + 1;
    let sum = 0;
    for (let n = Math.max(0, first); n < Math.min(x.length, first + 2 * reach); n++) {
      sum += x[n]! * windowedSinc((place - n) * cutoff, CROSSINGS) * cutoff;
    }
    y[t] = sum;
  }
  return y;
}

/** x without what lies above `cutoff`, in cycles per sample below 1/2. Linear phase, not delayed. */
export function bandLimited(x: Float32Array, cutoff: number): Float32Array<ArrayBuffer> {
  const half = (FILTER_TAPS - 1) / 2;
  const taps = Float64Array.from({ length: FILTER_TAPS }, (_, k) => {
    const at = (k - half) * 2 * cutoff;
    return 2 * cutoff * sinc(at) * hann((k - half) / (half + 1));
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  const y = new Float32Array(x.length);
  for (let t = 0; t < x.length; t++) {
    let total = 0;
    const from = Math.max(0, half - t);
    const to = Math.min(FILTER_TAPS, x.length - t + half);
    for (let k = from; k < to; k++) total += taps[k]! * x[t + k - half]!;
    y[t] = total / sum;
  }
  return y;
}

function windowedSinc(at: number, crossings: number): number {
  return Math.abs(at) < crossings ? sinc(at) * hann(at / crossings) : 0;
}

function sinc(at: number): number {
  return at === 0 ? 1 : Math.sin(Math.PI * at) / (Math.PI * at);
}

/** 1 in the middle, 0 at -1 and 1. */
function hann(at: number): number {
  return 0.5 + 0.5 * Math.cos(Math.PI * at);
}
