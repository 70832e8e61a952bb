import { periodicHann, realFftShared } from '../../dsp/fft.ts';
import type { RateTables } from './tables.ts';

/** Rows of one number per Bark band, one row per frame. */
export class BandFrames {
  readonly bands: number;
  readonly data: Float64Array;

  constructor(frames: number, bands: number) {
    this.bands = bands;
    this.data = new Float64Array(frames * bands);
  }

  row(frame: number): Float64Array {
    return this.data.subarray(frame * this.bands, (frame + 1) * this.bands);
  }
}

/** Turns 32 ms frames into pitch power densities (P.862, 10.2.3 and 10.2.4). */
export class PitchPower {
  private readonly tables: RateTables;
  private readonly window: Float64Array;
  private readonly buffer: Float64Array;

  constructor(tables: RateTables, frameSamples: number) {
    this.tables = tables;
    this.window = periodicHann(frameSamples);
    this.buffer = new Float64Array(frameSamples);
  }

  /** Writes the densities of the frame at `start` into `into`; zeros if the frame does not lie within `samples`. */
  frame(samples: Float64Array, start: number, into: Float64Array): void {
    const { buffer, window } = this;
    if (start < 0 || start + buffer.length > samples.length) {
      into.fill(0);
      return;
    }
    for (let i = 0; i < buffer.length; i++) buffer[i] = samples[start + i]! * window[i]!;
    const { re, im } = realFftShared(buffer);
    const { hzBinsPerBand, powerDensityCorrection, powerScale } = this.tables;
    let bin = 0;
    for (let band = 0; band < into.length; band++) {
      let power = 0;
      for (const end = bin + hzBinsPerBand[band]!; bin < end; bin++) {
        // The constant part does not count.
        if (bin > 0) power += re[bin]! * re[bin]! + im[bin]! * im[bin]!;
      }
      into[band] = power * powerDensityCorrection[band]! * powerScale;
    }
  }
}

/** Power of a frame in the bands where it is `factor` times above the hearing threshold; the lowest band is not heard. */
export function audiblePower(powers: Float64Array, tables: RateTables, factor: number): number {
  let total = 0;
  for (let band = 1; band < powers.length; band++) {
    if (powers[band]! > factor * tables.hearingThresholdPower[band]!) total += powers[band]!;
  }
  return total;
}
