import * as tf from '@tensorflow/tfjs-core';
import { contextBits } from '../../fitting/latents/context-graph.ts';
import { contextOffsets, PADDING } from '../../fitting/latents/context-shape.ts';
import { type AudioGeometry, FRAMES_PER_GAIN, fineShape, gainShape, ROWS_BEFORE } from './geometry.ts';
import type { LatentAudioOptions } from './options.ts';
import { bandPlane } from './synthesis.ts';

/** Integers beside coefficients say gains in quarters. */
export const GAIN_QUARTERS = 4;

type Get = (name: string) => tf.Tensor;

/**
 * Bits of a tile's coefficients, [frames, columns].
 * @param fine window of a tile, zero outside of the sound
 * @param gains as `spread` gives them
 */
export function fineBits(
  fine: tf.Tensor2D,
  gains: tf.Tensor2D,
  step: tf.Tensor,
  geometry: AudioGeometry,
  options: LatentAudioOptions,
  get: Get,
): tf.Tensor2D {
  const { tileFrames, fineSize } = geometry;
  const places = tileFrames * fineSize[1];
  const beside = [
    tf.reshape(tf.mul(gains, GAIN_QUARTERS), [1, places]),
    bandPlane(geometry),
    tf.mul(tf.ones([1, places]), step),
  ];
  const { name, contexts } = fineShape(options);
  return bitsOf(fine, [tileFrames, fineSize[1]], name, contexts, beside, get);
}

/** Bits of a tile's gains, [rows, columns], from their window, zero outside of the sound. */
export function gainBits(
  gains: tf.Tensor2D,
  geometry: AudioGeometry,
  options: LatentAudioOptions,
  get: Get,
): tf.Tensor2D {
  const { tileFrames, gainSize, bands } = geometry;
  const rows = tileFrames / FRAMES_PER_GAIN;
  const band = Float32Array.from({ length: rows * gainSize[1] }, (_, i) => i % bands);
  const { name, contexts } = gainShape(options);
  const beside = [tf.tensor2d(band, [1, band.length])];
  return bitsOf(gains, [rows, gainSize[1]], name, contexts, beside, get);
}

function bitsOf(
  window: tf.Tensor2D,
  [rows, columns]: readonly [number, number],
  name: string,
  contexts: number,
  beside: readonly tf.Tensor[],
  get: Get,
): tf.Tensor2D {
  const places = rows * columns;
  const padded = tf.pad(window, [
    [0, 0],
    [PADDING, PADDING],
  ]);
  const at = (dy: number, dx: number) =>
    tf.reshape(tf.slice(padded, [ROWS_BEFORE + dy, PADDING + dx], [rows, columns]), [1, places]);
  const around = contextOffsets(contexts).map(([dy, dx]) => at(dy, dx));
  const inputs = tf.concat([...around, ...beside, tf.ones([1, places])], 0) as tf.Tensor2D;
  return tf.reshape(contextBits(name, inputs, at(0, 0) as tf.Tensor2D, get), [rows, columns]);
}
