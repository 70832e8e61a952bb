import { melFilters } from '../../src/index.ts';
import { eachSpectrum, levelDb } from '../dsp/stft.ts';
import { checkAligned, checkSampleRate } from './check.ts';

/** Window lengths and mel bands of the scales; hops are a quarter. */
const SCALES = [32, 64, 128, 256, 512, 1024, 2048].map((window) => ({ window, bands: (window / 32) * 5 }));

/**
 * Multi-scale log-mel distance in dB: how far mel bands' mean magnitudes differ, |dB - dB| from a floor at -100 dB of full
 * scale, averaged over bands and frames and over seven Hann windows of 32 to 2048 samples with 5 to 320 bands (the scales of
 * Kumar et al., "High-fidelity audio compression with improved RVQGAN", 2023, 3.5; they sum them, in log10 units, without a
 * common full scale: figures are not comparable). 0 for equal signals, at most 100 and a little; lower is better. Any sample
 * rate; levels and delays count.
 *
 * Throws `bad-audio` for different lengths, no samples or non-finite ones, `bad-argument` for a sample rate that is no
 * positive whole number.
 */
export function melDistance(
  reference: Float32Array,
  degraded: Float32Array,
  { sampleRateHz }: { readonly sampleRateHz: number },
): number {
  const what = 'cannot compute the mel distance';
  checkSampleRate(what, sampleRateHz);
  checkAligned(what, { reference, degraded });
  let total = 0;
  for (const { window, bands } of SCALES) {
    const filters = sparse(melFilters(sampleRateHz, window, bands), bands);
    total += distance(reference, degraded, window, filters) / SCALES.length;
  }
  return total;
}

/** The bins of one band that count, from `from` on. */
interface Filter {
  readonly from: number;
  readonly weights: Float64Array;
}

function sparse(filters: Float32Array, bands: number): Filter[] {
  return Array.from({ length: bands }, (_, band) => {
    const weights = Float64Array.from(
      { length: filters.length / bands },
      (_, bin) => filters[bin * bands + band]!,
    );
    const from = weights.findIndex((weight) => weight > 0);
    return { from, weights: weights.subarray(from, weights.findLastIndex((weight) => weight > 0) + 1) };
  });
}

function distance(
  reference: Float32Array,
  degraded: Float32Array,
  window: number,
  filters: readonly Filter[],
): number {
  const hop = window / 4;
  const bands = filters.length;
  const levels = new Float32Array(Math.ceil(reference.length / hop) * bands);
  const level = (magnitudes: Float64Array, { from, weights }: Filter) => {
    let magnitude = 0;
    for (let i = 0; i < weights.length; i++) magnitude += weights[i]! * magnitudes[from + i]!;
    return Math.fround(levelDb(magnitude));
  };
  eachSpectrum(reference, window, hop, (magnitudes, frame) => {
    for (let band = 0; band < bands; band++) levels[frame * bands + band] = level(magnitudes, filters[band]!);
  });
  let sum = 0;
  eachSpectrum(degraded, window, hop, (magnitudes, frame) => {
    for (let band = 0; band < bands; band++) {
      sum += Math.abs(level(magnitudes, filters[band]!) - levels[frame * bands + band]!);
    }
  });
  return sum / levels.length;
}
