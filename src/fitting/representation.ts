import type { AudioSignal, Clip, RasterImage } from '../core/signal.ts';
import type { Engine } from '../engine/engine.ts';
import type { FitCheckpoint } from './checkpoint.ts';
import type { FitProgress } from './loop.ts';

/** What can be fitted, by the kind of file that holds it. */
export interface SignalOf {
  readonly image: RasterImage;
  readonly video: Clip;
  readonly audio: AudioSignal;
}

export type Media = keyof SignalOf;

/** What a file's header tells of its signal: all that decoding knows besides the payload. */
export interface FormatOf {
  readonly image: Pick<RasterImage, 'width' | 'height' | 'channels'> & {
    readonly bitDepth: 8 | 16;
  };
  readonly video: Omit<Clip, 'kind' | 'pictures'> & {
    readonly lengthPictures: number;
  };
  readonly audio: {
    readonly sampleRateHz: number;
    readonly channels: number;
    readonly lengthSamples: number;
  };
}

/** Pictures [from, to) of a video; all of them if absent. */
export interface PictureRange {
  readonly from: number;
  readonly to: number;
}

/** How fits go, whatever is fitted. */
export interface FitSettings {
  /** Largest step; it falls to `learningRateFloor` times as much along a cosine. */
  readonly learningRate: number;
  readonly learningRateFloor: number;
  readonly warmupSteps: number;
  /** Share of the steps, at the end, in which values are rounded as they will be coded. */
  readonly roundedShare: number;
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  /** Root mean square of an entry's change in a step of Muon, which matrices take instead of Adam's, in learning rates; 0 for none. */
  readonly muonScale: number;
  /** Share of itself that a matrix loses in such a step, in learning rates. */
  readonly muonDecay: number;
  /** Largest global gradient norm. */
  readonly gradientClip: number;
}

export interface FitOptions {
  readonly engine: Engine;
  readonly settings: FitSettings;
  /** How often the whole signal is seen. */
  readonly steps: number;
  /** Mean squared error (samples in [0, 1]) that a bit per pixel, or sample of sound, is worth. */
  readonly lambda: number;
  readonly seed: number;
  readonly onProgress?: (progress: FitProgress) => void;
  /** Ends the fit early, with the best so far; aborted with a `CodecError`, by throwing that. */
  readonly abort?: AbortSignal;
  /** Where the fit is kept as it goes, and goes on from. */
  readonly checkpoint?: FitCheckpoint;
  /** Where to start: `Fitted.end` of another fit of the same signal by the same recipe. */
  readonly from?: unknown;
}

/** A signal as what was fitted to it. */
export interface Fitted {
  readonly payload: Uint8Array;
  /** Of what the payload decodes to, samples in [0, 1]. */
  readonly meanSquaredError: number;
  /** Whether `abort` came before the last step. */
  readonly interrupted: boolean;
  /** Bytes of the payload by what they are for. */
  readonly bytes: Readonly<Record<string, number>>;
  /** For `FitOptions.from`. */
  readonly end: unknown;
}

/** A form in which a small network, and perhaps latents, hold one signal. */
export interface Representation<M extends Media> {
  /** Whether signals come back exactly, at the rate that takes: none can be asked for. */
  readonly lossless?: boolean;
  /** Throws `bad-image`, `bad-video` or `bad-audio` for signals it cannot hold. */
  fit(signal: SignalOf[M], options: FitOptions): Promise<Fitted>;
  /**
   * This form at the size whose file should take just under `bits`, for forms whose rate goes with their size; others have the
   * rate moved by lambda alone. Throws `bad-argument` where even the smallest takes more.
   */
  sizedFor?(signal: SignalOf[M], bits: number): Representation<M>;
  /**
   * The same on every engine up to float rounding. Throws `bad-container` for bytes that are no such payload.
   * @param range of a video: only these pictures are computed
   */
  decode(
    payload: Uint8Array,
    format: FormatOf[M],
    engine: Engine,
    range?: PictureRange,
  ): Promise<SignalOf[M]>;
  /** What there is to know about a payload without decoding it all, for `codec info`. Throws as `decode`. */
  inspect(payload: Uint8Array, format: FormatOf[M]): Readonly<Record<string, number | string>>;
}
