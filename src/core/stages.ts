import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';

/** How a parameter starts out when a model is trained from nothing. */
export type Init =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }
  /** Uniform in [-bound, bound]. */
  | { readonly kind: 'uniform'; readonly bound: number }
  /** Norm of another parameter over all axes but the first: weight norm's gain, so that it starts as the identity. */
  | { readonly kind: 'norm-of'; readonly name: string };

/** Where model code gets its weights from: stored constants, training inputs, or fresh random values. */
export interface Params {
  has(name: string): boolean;
  /** Throws `bad-weights` when absent or of another shape. */
  get(name: string, shape: readonly number[], init: Init): Tensor;
}

export interface WindowSpec {
  /** Frames a layer sees at once. */
  readonly kernel: number;
  /** Frames from one window to the next. */
  readonly stride: number;
  /** What lies before the signal, and after its end as far as needed to fill the last window. */
  readonly mode: 'reflect' | 'zero';
  /** Half of the padding before the signal and half after it, instead of all before: the layer looks ahead. */
  readonly centred?: boolean;
}

/** How layers see time: what lies before and after the piece of signal they are given. */
export interface Timeline {
  /** Whether layers see the whole signal at once, not one chunk after another. */
  readonly whole: boolean;
  /** x [batch, time, channels] with kernel - stride frames before it. `name` tells layers apart. */
  pad(name: string, x: Tensor3D, spec: WindowSpec): Tensor3D;
  /** The windows of the padded x, side by side: [batch, time / stride, kernel * channels]. */
  windows(name: string, x: Tensor3D, spec: WindowSpec): Tensor3D;
  /** The recurrent state [batch, size] on entry; zeros at the start of a signal. */
  state(name: string, batch: number, size: number): Tensor2D;
  /** Takes the recurrent state on exit. */
  carry(name: string, state: Tensor2D): void;
}

/** What stages are given besides their input. */
export interface Scope {
  readonly params: Params;
  readonly time: Timeline;
  /** Shown every layer's output under its state-dict name; for tests and debugging. */
  readonly tap?: (name: string, x: Tensor3D) => void;
}

/** signal -> frames that encoder and decoder work on, where that is not the signal itself */
export interface Features {
  /** Samples per frame. */
  readonly hopLength: number;
  /** Values per frame. */
  readonly dimension: number;
  /** x [batch, time, channels] -> frames [batch, time / hopLength, dimension] */
  analyse(x: Tensor3D, scope: Scope): Tensor3D;
}

/** frames of features -> magnitudes of a short-time Fourier transform, by a network with weights of its own */
export interface LearnedMagnitudes {
  /** Where the weights are, as recipes name weights; tensors' names begin with `vocoder.`. */
  readonly weights: string;
  /** Frames by which what comes out lags behind. */
  readonly delayFrames: number;
  /** frames [batch, count, dimension] -> [batch * count, bins], bins = 2 * hopLength + 1; a full-scale sine has about 1/2 */
  magnitudes(frames: Tensor3D, scope: Scope): Tensor2D;
}

/** those frames -> signal */
export interface Vocoder {
  /** Frames by which the signal that comes out lags behind those that go in. */
  readonly delayFrames: number;
  /** What of it is learned, if anything. */
  readonly network?: LearnedMagnitudes;
  /** frames [batch, frames, dimension] -> [batch, frames * hopLength, channels] */
  synthesise(frames: Tensor3D, scope: Scope): Tensor3D;
}

/** signal, or frames of features -> latents */
export interface Encoder {
  /** Samples, or frames of features, per latent frame. */
  readonly hopLength: number;
  /** Channels of a latent frame. */
  readonly dimension: number;
  /** x [batch, time, channels], time a multiple of hopLength when in chunks -> latents [batch, frames, dimension] */
  encode(x: Tensor3D, scope: Scope): Tensor3D;
}

/** latents -> codes -> latents */
export interface Quantizer {
  readonly codebooks: number;
  readonly codebookSize: number;
  /** latents [rows, dimension] -> indices [codebooks, rows] (int32) with the first `codebooks` codebooks */
  quantize(latents: Tensor2D, codebooks: number, scope: Scope): Tensor2D;
  /** indices [codebooks, rows] (int32) -> latents [rows, dimension] */
  dequantize(indices: Tensor2D, scope: Scope): Tensor2D;
}

/** latents -> signal, or frames of features */
export interface Decoder {
  /** Latent frames by which what comes out lags behind what goes in: that far the decoder looks ahead. */
  readonly delayFrames: number;
  /** latents [batch, frames, dimension] -> [batch, frames * hopLength, channels] */
  decode(latents: Tensor3D, scope: Scope): Tensor3D;
}
