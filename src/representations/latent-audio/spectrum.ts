import type { AudioSignal } from '../../core/signal.ts';
import { mdctBasis } from '../../nn/mdct.ts';
import type { AudioGeometry } from './geometry.ts';

/** Two channels as their sum and difference; others as they are. The way back is the same. */
export function rotated(channels: readonly Float32Array[]): Float32Array[] {
  if (channels.length !== 2) return [...channels];
  const [left, right] = channels as [Float32Array, Float32Array];
  return [
    left.map((sample, t) => Math.SQRT1_2 * (sample + right[t]!)),
    left.map((sample, t) => Math.SQRT1_2 * (sample - right[t]!)),
  ];
}

/** Coefficients of a sound, [frames, channels * hop]. */
export function coefficientsOf({ channels }: AudioSignal, geometry: AudioGeometry): Float32Array {
  const { hop, frames, fineSize } = geometry;
  const basis = mdctBasis(hop);
  const all = new Float32Array(frames * fineSize[1]);
  for (const [c, samples] of rotated(channels).entries()) {
    const padded = new Float32Array((frames + 1) * hop);
    padded.set(samples, hop);
    for (let t = 0; t < frames; t++) {
      const target = all.subarray(t * fineSize[1] + c * hop, t * fineSize[1] + (c + 1) * hop);
      for (let n = 0; n < 2 * hop; n++) {
        const sample = padded[t * hop + n]!;
        if (sample === 0) continue;
        const row = n * hop;
        for (let k = 0; k < hop; k++) target[k]! += sample * basis[row + k]!;
      }
    }
  }
  return all;
}
