import { audiblePower, type BandFrames } from './pitch-power.ts';
import type { RateTables } from './tables.ts';

/** A frame of the reference is silent below this audible power. */
const SILENCE_POWER = 1e7;
/** Power above the hearing threshold from which bands count: for silence, and for the average spectrum. */
const SPEECH_FACTOR = 100;
const FREQUENCY_OFFSET = 1000;
const MAX_FREQUENCY_RATIO = 100;
const GAIN_OFFSET = 5000;
const MIN_GAIN = 3e-4;
const MAX_GAIN = 5;
/** Share of the last frame's gain in this one's. */
const GAIN_MEMORY = 0.2;

/** Whether each frame of the reference is silent. */
export function silentFrames(reference: BandFrames, frames: number, tables: RateTables): boolean[] {
  return Array.from(
    { length: frames },
    (_, frame) => audiblePower(reference.row(frame), tables, SPEECH_FACTOR) < SILENCE_POWER,
  );
}

/**
 * Filters the reference as the system under test filtered it on average (P.862, 10.2.5): steady filtering is heard as less
 * of a fault than its difference in loudness would say. Limited to 20 dB a band. The mean is over `totalFrames`, silence at
 * the end included.
 */
export function compensateFrequencyResponse(
  reference: BandFrames,
  degraded: BandFrames,
  silent: readonly boolean[],
  totalFrames: number,
  tables: RateTables,
): void {
  for (let band = 0; band < reference.bands; band++) {
    const mean = (powers: BandFrames) => {
      let total = 0;
      for (let frame = 0; frame < silent.length; frame++) {
        const power = powers.data[frame * powers.bands + band]!;
        if (!silent[frame] && power > SPEECH_FACTOR * tables.hearingThresholdPower[band]!) total += power;
      }
      return total / totalFrames;
    };
    const ratio = (mean(degraded) + FREQUENCY_OFFSET) / (mean(reference) + FREQUENCY_OFFSET);
    const gain = Math.min(MAX_FREQUENCY_RATIO, Math.max(1 / MAX_FREQUENCY_RATIO, ratio));
    for (let frame = 0; frame < silent.length; frame++) {
      reference.data[frame * reference.bands + band]! *= gain;
    }
  }
}

/** Takes slow changes of gain out of the degraded signal (P.862, 10.2.6), frame after frame. */
export class GainCompensation {
  private last: number | undefined;

  /** @param last the gain before the first frame; without it the first frame's is not smoothed. */
  constructor(last?: number) {
    this.last = last;
  }

  apply(reference: Float64Array, degraded: Float64Array, tables: RateTables): void {
    const ratio =
      (audiblePower(reference, tables, 1) + GAIN_OFFSET) / (audiblePower(degraded, tables, 1) + GAIN_OFFSET);
    this.last = this.last === undefined ? ratio : GAIN_MEMORY * this.last + (1 - GAIN_MEMORY) * ratio;
    const gain = Math.min(MAX_GAIN, Math.max(MIN_GAIN, this.last));
    for (let band = 0; band < degraded.length; band++) degraded[band]! *= gain;
  }
}
