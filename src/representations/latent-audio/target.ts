import { octaves } from '../../core/octaves.ts';
import type { AudioSignal } from '../../core/signal.ts';
import { float32, type HostTensor } from '../../core/tensor.ts';
import { type AudioGeometry, SPREAD_PARTS } from './geometry.ts';
import { toleranceOf } from './loudness.ts';
import type { Loudness } from './options.ts';
import { coefficientsOf } from './spectrum.ts';

/** Levels are in quarter octaves of amplitude. */
export const [MIN_LEVEL, MAX_LEVEL] = [-128, 127] as const;

/** What a fit is to come near to. */
export class Target {
  readonly geometry: AudioGeometry;
  readonly loudness: Loudness;
  /** Amplitude that the coefficients are divided by, in quarter octaves: their power is then about one. */
  readonly level: number;
  /** Divided by the level, [frames, columns]. */
  readonly coefficients: Float32Array;
  /** Of `toleranceOf`, [rows, channels * bands]. */
  readonly tolerance: Float32Array;

  constructor(sound: AudioSignal, geometry: AudioGeometry, loudness: Loudness) {
    this.geometry = geometry;
    this.loudness = loudness;
    this.coefficients = coefficientsOf(sound, geometry);
    let power = 0;
    for (const value of this.coefficients) power += value * value;
    const level = Math.round(2 * Math.log2(power / this.coefficients.length));
    this.level = Math.max(MIN_LEVEL, Math.min(MAX_LEVEL, level));
    const factor = octaves(-this.level);
    for (let i = 0; i < this.coefficients.length; i++) this.coefficients[i]! *= factor;
    this.tolerance = toleranceOf(this.coefficients, geometry, loudness);
  }

  /** `tolerance` of a tile's coefficients, [frames, columns], the coefficients in units of it, and the power of a sample that is one. */
  tile(tile: number): Record<string, HostTensor> {
    const { geometry, coefficients } = this;
    const { tileFrames, frames, fineSize } = geometry;
    const tolerance = float32([tileFrames, fineSize[1]]);
    const wanted = float32([tileFrames, fineSize[1]]);
    for (let t = 0; t < tileFrames; t++) {
      const frame = tile * tileFrames + t;
      if (frame >= frames) break;
      const row = this.toleranceOf(frame);
      tolerance.data.set(row, t * fineSize[1]);
      for (let i = t * fineSize[1]; i < (t + 1) * fineSize[1]; i++) {
        const coefficient = coefficients[tile * tileFrames * fineSize[1] + i]!;
        wanted.data[i] = coefficient * 2 ** -tolerance.data[i]!;
      }
    }
    return { tolerance, wanted, power: float32([], Float32Array.of(octaves(2 * this.level))) };
  }

  /** Tolerances of a frame's coefficients, between rows and bands as gains are. */
  toleranceOf(frame: number): Float64Array {
    const { geometry, tolerance } = this;
    const columns = geometry.gainSize[1];
    const row = new Float64Array(geometry.fineSize[1]);
    geometry.spreadRow(frame, (y, x) => tolerance[y * columns + x]!, row);
    return row.map((sum) => sum / SPREAD_PARTS);
  }
}
