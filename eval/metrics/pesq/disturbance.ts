import type { RateTables } from './tables.ts';

/** Zwicker's exponent of loudness. */
const LOUDNESS_EXPONENT = 0.23;
/** Part of the quieter of two loudnesses by which they may differ unheard. */
const MASKED_PART = 0.25;
const ASYMMETRY_OFFSET = 50;
const ASYMMETRY_EXPONENT = 1.2;
const ASYMMETRY_RANGE = [3, 12] as const;

/** Disturbance of one frame: by any difference, and by what was added rather than taken away. */
export interface FrameDisturbance {
  readonly symmetric: number;
  readonly asymmetric: number;
}

/** Compares frames by loudness (P.862, 10.2.7 to 10.2.10). */
export class DisturbanceModel {
  private readonly tables: RateTables;
  private readonly exponents: Float64Array;
  private readonly scales: Float64Array;
  private readonly totalWidthBark: number;

  constructor(tables: RateTables) {
    this.tables = tables;
    // Below 4 Bark loudness grows a little faster with power.
    this.exponents = Float64Array.from(tables.centreBark, (bark) => {
      const rise = bark < 4 ? Math.min(2, 6 / (bark + 2)) : 1;
      return LOUDNESS_EXPONENT * rise ** 0.15;
    });
    this.scales = this.exponents.map(
      (exponent, band) => tables.loudnessScale * (tables.hearingThresholdPower[band]! / 0.5) ** exponent,
    );
    this.totalWidthBark = tables.widthBark.slice(1).reduce((sum, width) => sum + width, 0);
  }

  frame(reference: Float64Array, degraded: Float64Array): FrameDisturbance {
    const { widthBark } = this.tables;
    let [squares, added] = [0, 0];
    for (let band = 1; band < reference.length; band++) {
      const [quiet, loud] = [this.loudness(reference, band), this.loudness(degraded, band)];
      const difference = loud - quiet;
      const heard = Math.abs(difference) - MASKED_PART * Math.min(loud, quiet);
      if (heard <= 0) continue;
      squares += (heard * widthBark[band]!) ** 2;
      added += heard * this.asymmetry(reference[band]!, degraded[band]!) * widthBark[band]!;
    }
    return { symmetric: Math.sqrt(squares / this.totalWidthBark) * this.totalWidthBark, asymmetric: added };
  }

  /** Zwicker's law, in sone per Bark. */
  private loudness(powers: Float64Array, band: number): number {
    const threshold = this.tables.hearingThresholdPower[band]!;
    const power = powers[band]!;
    if (power <= threshold) return 0;
    const exponent = this.exponents[band]!;
    return this.scales[band]! * ((0.5 + (0.5 * power) / threshold) ** exponent - 1);
  }

  private asymmetry(reference: number, degraded: number): number {
    const ratio = ((degraded + ASYMMETRY_OFFSET) / (reference + ASYMMETRY_OFFSET)) ** ASYMMETRY_EXPONENT;
    const [floor, ceiling] = ASYMMETRY_RANGE;
    return ratio < floor ? 0 : Math.min(ceiling, ratio);
  }
}
