import { eachSpectrum, levelDb } from '../dsp/stft.ts';
import { checkAligned } from './check.ts';

/** Window lengths of the scales; hops are a quarter. */
const WINDOWS_SAMPLES = [2048, 512];

/**
 * Multi-scale STFT distance in dB: how far magnitudes differ, |dB - dB| from a floor at -100 dB of full scale, averaged over
 * bins and frames and over Hann windows of 2048 and 512 samples (the scales of Kumar et al., "High-fidelity audio compression
 * with improved RVQGAN", 2023, 4.3; they sum them, in log10 units, without a common full scale: figures are not
 * comparable). 0 for equal signals, at most 100 and a little; lower is better. Any sample rate; levels and delays count.
 *
 * Throws `bad-audio` for different lengths, no samples or non-finite ones.
 */
export function stftDistance(reference: Float32Array, degraded: Float32Array): number {
  checkAligned('cannot compute the STFT distance', { reference, degraded });
  let total = 0;
  for (const window of WINDOWS_SAMPLES)
    total += distance(reference, degraded, window) / WINDOWS_SAMPLES.length;
  return total;
}

function distance(reference: Float32Array, degraded: Float32Array, window: number): number {
  const hop = window / 4;
  const bins = window / 2 + 1;
  const levels = new Float32Array(Math.ceil(reference.length / hop) * bins);
  eachSpectrum(reference, window, hop, (magnitudes, frame) => {
    for (let k = 0; k < bins; k++) levels[frame * bins + k] = levelDb(magnitudes[k]!);
  });
  let sum = 0;
  eachSpectrum(degraded, window, hop, (magnitudes, frame) => {
    for (let k = 0; k < bins; k++) {
      sum += Math.abs(Math.fround(levelDb(magnitudes[k]!)) - levels[frame * bins + k]!);
    }
  });
  return sum / levels.length;
}
