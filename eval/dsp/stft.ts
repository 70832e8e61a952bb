import { realFftShared } from './fft.ts';

/**
 * Calls `use` with the magnitudes of bins 0 to window / 2 of every frame. Frame k is centred on sample k hop, as far as
 * there are samples; beyond both ends is silence. Periodic Hann window, scaled so that a full-scale sine on a bin has
 * magnitude 1. The array is overwritten by the next frame.
 */
export function eachSpectrum(
  samples: Float32Array,
  windowSamples: number,
  hopSamples: number,
  use: (magnitudes: Float64Array, frame: number) => void,
): void {
  const window = Float64Array.from(
    { length: windowSamples },
    (_, i) => (1 - Math.cos((2 * Math.PI * i) / windowSamples)) * (2 / windowSamples),
  );
  const buffer = new Float64Array(windowSamples);
  const magnitudes = new Float64Array(windowSamples / 2 + 1);
  for (let frame = 0; frame * hopSamples < samples.length; frame++) {
    const start = frame * hopSamples - windowSamples / 2;
    for (let i = 0; i < windowSamples; i++) {
      const at = start + i;
      buffer[i] = at >= 0 && at < samples.length ? samples[at]! * window[i]! : 0;
    }
    const { re, im } = realFftShared(buffer);
    for (let k = 0; k < magnitudes.length; k++) magnitudes[k] = Math.sqrt(re[k]! * re[k]! + im[k]! * im[k]!);
    use(magnitudes, frame);
  }
}

/** The level of a magnitude in dB of full scale, no lower than the floor: what lies below is not heard. */
const FLOOR = 10 ** (-100 / 20);

export function levelDb(magnitude: number): number {
  return 20 * Math.log10(Math.max(FLOOR, magnitude));
}
