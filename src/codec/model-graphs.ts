import * as tf from '@tensorflow/tfjs-core';
import type { Decoder, Encoder, Quantizer, Scope } from '../core/stages.ts';
import type { GraphIo } from '../engine/engine.ts';

/** The stages of a model, and what they are sized for. */
export interface ModelStages {
  readonly encoder: Encoder;
  readonly quantizer: Quantizer;
  readonly decoder: Decoder;
  /** Channels of the signal. */
  readonly channels: number;
}

/** `x` [1, lengthSamples, channels] -> `codes` [codebooks, frames], frames = ceil(lengthSamples / hopLength) */
export function encoderGraph(
  { encoder, quantizer, channels }: ModelStages,
  codebooks: number,
  lengthSamples: number,
): (io: GraphIo, scope: Scope) => void {
  return (io, scope) => {
    const x = io.input('x', [1, lengthSamples, channels]) as tf.Tensor3D;
    const latents = encoder.encode(x, scope);
    const rows = tf.reshape(latents, [latents.shape[1], encoder.dimension]) as tf.Tensor2D;
    io.output('codes', quantizer.quantize(rows, codebooks, scope));
  };
}

/** `codes` [codebooks, frames] -> `y` [1, frames * hopLength, channels] */
export function decoderGraph(
  { encoder, quantizer, decoder }: ModelStages,
  codebooks: number,
  frames: number,
): (io: GraphIo, scope: Scope) => void {
  return (io, scope) => {
    const codes = io.input('codes', [codebooks, frames], 'int32') as tf.Tensor2D;
    const latents = tf.reshape(quantizer.dequantize(codes, scope), [1, frames, encoder.dimension]);
    io.output('y', decoder.decode(latents as tf.Tensor3D, scope));
  };
}
