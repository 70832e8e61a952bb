import type { Run } from './activity.ts';
import { compensateFrequencyResponse, GainCompensation, silentFrames } from './compensation.ts';
import { delayAt, framesAroundDrops } from './delay-map.ts';
import { DisturbanceModel, type FrameDisturbance } from './disturbance.ts';
import type { PaddedSignal } from './padded-signal.ts';
import { audiblePower, BandFrames, PitchPower } from './pitch-power.ts';
import { type RateTables, rateTables } from './tables.ts';
import type { Timing } from './timing.ts';
import type { Utterance } from './utterance.ts';

const MAX_DISTURBANCE = 45;

/** The 32 ms frames of two aligned signals, compared by P.862's perceptual model (10.2). Frame 0 begins with the file. */
export class FrameComparison {
  readonly disturbances: FrameDisturbance[];
  /** Whether the reference is silent in each frame. */
  readonly silent: readonly boolean[];
  /** Frames left out because the delay drops around them. */
  readonly skipped: ReadonlySet<number>;
  private readonly timing: Timing;
  private readonly tables: RateTables;
  private readonly pitchPower: PitchPower;
  private readonly model: DisturbanceModel;
  /** Pitch power of the reference, filtered like the degraded signal. */
  private readonly reference: BandFrames;

  /** Compares the first `frames` frames of files that have `totalFrames`, the 320 ms behind them included. */
  constructor(
    reference: PaddedSignal,
    degraded: PaddedSignal,
    utterances: readonly Utterance[],
    frames: number,
    totalFrames: number,
  ) {
    const { timing } = reference;
    const tables = rateTables[timing.sampleRateHz];
    this.timing = timing;
    this.tables = tables;
    this.pitchPower = new PitchPower(tables, timing.modelFrameSamples);
    this.model = new DisturbanceModel(tables);
    const bands = tables.centreBark.length;
    this.reference = new BandFrames(frames, bands);
    const heard = new BandFrames(frames, bands);
    for (let frame = 0; frame < frames; frame++) {
      const start = this.startOf(frame);
      this.pitchPower.frame(reference.samples, start, this.reference.row(frame));
      const delay = delayAt(utterances, start, timing.frameSamples);
      this.pitchPower.frame(degraded.samples, start + delay, heard.row(frame));
    }
    this.silent = silentFrames(this.reference, frames, tables);
    compensateFrequencyResponse(this.reference, heard, this.silent, totalFrames, tables);
    this.skipped = framesAroundDrops(utterances, degraded);
    const gain = new GainCompensation();
    this.disturbances = Array.from({ length: frames }, (_, frame) => {
      const [referenceRow, degradedRow] = [this.reference.row(frame), heard.row(frame)];
      gain.apply(referenceRow, degradedRow, tables);
      if (this.skipped.has(frame)) return { symmetric: 0, asymmetric: 0 };
      return this.model.frame(referenceRow, degradedRow);
    });
  }

  /** Samples of the padded reference that the frames of `run` cover, and half a frame more. */
  samplesOf(run: Run): Run {
    return { from: this.startOf(run.from), to: this.startOf(run.to) + this.timing.modelFrameSamples };
  }

  /** Compares the frames of `run` with `degraded`, delays taken out, moved by `delaySamples`; what disturbs less counts. */
  compareAgain(run: Run, degraded: Float64Array, delaySamples: number): void {
    const gain = new GainCompensation(1);
    const degradedRow = new Float64Array(this.reference.bands);
    for (let frame = run.from; frame < run.to; frame++) {
      this.pitchPower.frame(degraded, this.startOf(frame) + delaySamples, degradedRow);
      const referenceRow = this.reference.row(frame);
      gain.apply(referenceRow, degradedRow, this.tables);
      const { symmetric, asymmetric } = this.model.frame(referenceRow, degradedRow);
      const before = this.disturbances[frame]!;
      this.disturbances[frame] = {
        symmetric: Math.min(before.symmetric, symmetric),
        asymmetric: Math.min(before.asymmetric, asymmetric),
      };
    }
  }

  /** One kind of disturbance, heard more where the reference is quiet, and limited. */
  weighted(kind: keyof FrameDisturbance): Float64Array {
    return Float64Array.from(this.disturbances, (disturbance, frame) => {
      const power = audiblePower(this.reference.row(frame), this.tables, 1);
      return Math.min(MAX_DISTURBANCE, disturbance[kind] / ((power + 1e5) / 1e7) ** 0.04);
    });
  }

  private startOf(frame: number): number {
    return this.timing.padSamples + (frame * this.timing.modelFrameSamples) / 2;
  }
}
