import { realFftShared } from '../../dsp/fft.ts';

/** Rate at which STOI compares. */
export const RATE_HZ = 10_000;
export const FRAME_SAMPLES = 256;
export const HOP_SAMPLES = 128;
/** 384 ms. */
export const SEGMENT_FRAMES = 30;

const FFT_SAMPLES = 512;
const BANDS = 15;
const LOWEST_CENTRE_HZ = 150;

/** A Hann window without its zero ends. */
export const window = Float64Array.from(
  { length: FRAME_SAMPLES },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 1)) / (FRAME_SAMPLES + 1)),
);

/** Starts of frames; one that ends with the signal is left out. */
export function frameStarts(length: number): number[] {
  const starts: number[] = [];
  for (let start = 0; start < length - FRAME_SAMPLES; start += HOP_SAMPLES) starts.push(start);
  return starts;
}

/** Magnitudes of 15 third-octave bands from 150 Hz: one array over the frames for each. */
export function thirdOctaveBands(samples: Float64Array): Float64Array[] {
  const starts = frameStarts(samples.length);
  const bands = Array.from({ length: BANDS }, () => new Float64Array(starts.length));
  const buffer = new Float64Array(FFT_SAMPLES);
  for (const [frame, start] of starts.entries()) {
    for (let i = 0; i < FRAME_SAMPLES; i++) buffer[i] = samples[start + i]! * window[i]!;
    const { re, im } = realFftShared(buffer);
    for (const [band, [low, high]] of bandBins.entries()) {
      let power = 0;
      for (let bin = low; bin < high; bin++) power += re[bin]! ** 2 + im[bin]! ** 2;
      bands[band]![frame] = Math.sqrt(power);
    }
  }
  return bands;
}

/** Bins [low, high) of each band: edges lie a sixth of an octave around the centre and move to the nearest bin. */
const bandBins = Array.from({ length: BANDS }, (_, band) => {
  const nearestBin = (sixths: number) =>
    Math.round((LOWEST_CENTRE_HZ * 2 ** (sixths / 6) * FFT_SAMPLES) / RATE_HZ);
  return [nearestBin(2 * band - 1), nearestBin(2 * band + 1)] as const;
});
