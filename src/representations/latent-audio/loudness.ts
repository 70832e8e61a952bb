import { type AudioGeometry, BAND_PARTS, bandwidthHz, FRAMES_PER_GAIN, frequencyAt } from './geometry.ts';
import type { Loudness } from './options.ts';

/** Power that counts as silence, of the sound's mean power. */
const FLOOR = 1e-5;

/**
 * log2 of the amplitude that errors may have relative to each other, per row of gains and band: [rows, channels * bands].
 * @param coefficients [frames, channels * hop] of a sound of mean power one
 */
export function toleranceOf(
  coefficients: Float32Array,
  geometry: AudioGeometry,
  { maskingExponent, bandwidthExponent }: Loudness,
): Float32Array {
  const { gainSize, frames, channels, bands, hop, lowerBand, upperWeight } = geometry;
  const [rows, columns] = gainSize;
  const powers = new Float64Array(rows * columns);
  const weights = new Float64Array(rows * columns);
  const width = channels * hop;
  for (let t = 0; t < frames; t++) {
    const row = Math.floor(t / FRAMES_PER_GAIN) * columns;
    for (let i = 0; i < width; i++) {
      const k = i % hop;
      const at = row + Math.floor(i / hop) * bands + lowerBand[k]!;
      const upper = upperWeight[k]! / BAND_PARTS;
      const power = coefficients[t * width + i]! ** 2;
      powers[at]! += (1 - upper) * power;
      weights[at]! += 1 - upper;
      if (upper === 0) continue;
      powers[at + 1]! += upper * power;
      weights[at + 1]! += upper;
    }
  }
  return Float32Array.from(powers, (power, i) => {
    const mean = power / Math.max(weights[i]!, 1e-9) + FLOOR;
    return 0.5 * maskingExponent * Math.log2(mean) + bandwidthExponent * Math.log2(relativeWidth(i % bands));
  });
}

/** Width of the critical band in the middle of a band, relative to the narrowest. */
function relativeWidth(band: number): number {
  return bandwidthHz(frequencyAt(band + 0.5)) / bandwidthHz(0);
}
