import type { AudioCodec } from '../codec/audio-codec.ts';
import type { Framing } from '../codec/framing.ts';

/** Samples from `from` on and below `to`. */
export interface SampleSpan {
  readonly from: number;
  readonly to: number;
}

/**
 * Where latent frames lie in time. Frame t of a codec without segments covers samples [t * hop, (t + 1) * hop); where the
 * codec cuts the signal into overlapping segments, frames are counted within theirs.
 */
export class FrameGrid {
  readonly sampleRateHz: number;
  /** Samples per frame. */
  readonly hopLength: number;
  private readonly framing: Framing;
  private readonly delaySamples: number;

  constructor({ parts: { sampleRateHz, model, framing } }: AudioCodec) {
    this.sampleRateHz = sampleRateHz;
    this.hopLength = model.hopLength;
    this.framing = framing;
    this.delaySamples = model.parts.delaySamples;
  }

  get frameRateHz(): number {
    return this.sampleRateHz / this.hopLength;
  }

  /** The frame that a sample falls into; of two segments that share it, in the earlier one. */
  frameOfSample(sample: number): number {
    const { layout } = this.framing;
    if (!layout) return Math.floor(sample / this.hopLength);
    const { lengthSamples, strideSamples } = layout;
    const segment = Math.max(0, Math.floor((sample - lengthSamples) / strideSamples) + 1);
    const within = Math.floor((sample - segment * strideSamples) / this.hopLength);
    return segment * this.framesPerSegment(lengthSamples) + within;
  }

  /** The samples a frame covers. */
  samplesOfFrame(frame: number): SampleSpan {
    const { layout } = this.framing;
    if (!layout) return { from: frame * this.hopLength, to: (frame + 1) * this.hopLength };
    const perSegment = this.framesPerSegment(layout.lengthSamples);
    const segment = Math.floor(frame / perSegment);
    const from = segment * layout.strideSamples + (frame % perSegment) * this.hopLength;
    return { from, to: from + this.hopLength };
  }

  /** The frame that a moment falls into. */
  frameOfTime(seconds: number): number {
    // A time that is meant to be a whole sample must not lose it to rounding.
    return this.frameOfSample(Math.floor(seconds * this.sampleRateHz + 1e-6));
  }

  /** When a frame begins, in seconds. */
  timeOfFrame(frame: number): number {
    return this.samplesOfFrame(frame).from / this.sampleRateHz;
  }

  /** Frames that a signal is coded with: those it covers, and those a decoder that looks ahead needs behind its end. */
  framesFor(lengthSamples: number): number {
    const shape = { hopLength: this.hopLength, parts: { delaySamples: this.delaySamples } };
    let frames = 0;
    for (let index = 0; ; index++) {
      const more = this.framing.chunkFrames(shape, index, lengthSamples);
      if (more === 0) return frames;
      frames += more;
    }
  }

  private framesPerSegment(lengthSamples: number): number {
    return Math.ceil(lengthSamples / this.hopLength);
  }
}
