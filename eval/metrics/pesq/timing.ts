/** P.862's units of time, in samples. */
export interface Timing {
  readonly sampleRateHz: 8000 | 16000;
  /** 4 ms: what speech activity and utterance bounds are counted in. */
  readonly frameSamples: number;
  /** Silence put before and after a file: 75 frames. */
  readonly padSamples: number;
  /** 320 ms more of it behind, not counted as signal. */
  readonly tailSamples: number;
  /** 32 ms: a frame of the perceptual model. Frames overlap by half. */
  readonly modelFrameSamples: number;
}

/** Frames of silence around a file; also how far utterances' search windows reach beyond their speech. */
export const PAD_FRAMES = 75;

export function timingOf(sampleRateHz: 8000 | 16000): Timing {
  const frameSamples = sampleRateHz / 250;
  return {
    sampleRateHz,
    frameSamples,
    padSamples: PAD_FRAMES * frameSamples,
    tailSamples: 0.32 * sampleRateHz,
    modelFrameSamples: 8 * frameSamples,
  };
}
