import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Params } from '../../core/stages.ts';
import { conv2d, depthwiseConv2d, gelu, spaceToDepth } from '../../nn/conv2d.ts';
import type { Geometry } from './geometry.ts';

const count = z.int().positive();

const content = z.strictObject({
  type: z.literal('content'),
  channels: count.max(256).default(16).describe('of the embedding of a frame'),
});

const position = z.strictObject({
  type: z.literal('position'),
  channels: count.max(256).default(16).describe('of the grid that the decoder starts from'),
  frequencies: count.max(64).default(40).describe('of the sines and cosines of the time'),
  base: z.number().min(1).max(4).default(1.25).describe('ratio of one frequency to the next'),
  hidden: count.max(4096).default(96).describe('units between them and the grid'),
});

/** What a decoder makes frames from. */
export const embeddingOptions = z.discriminatedUnion('type', [content, position]);

/** Where an encoder's first block computes. */
const MOST_PLACES = 1024;

export type EmbeddingOptions = z.output<typeof embeddingOptions>;

/**
 * The embedding of a frame from its pixels, [1, ...padded, 3] -> [1, ...grid, channels], by a ConvNeXt encoder (Liu et al. 2022)
 * of one block per stride, `width` channels wide (HNeRV, Chen et al., arXiv:2304.02633). It is trained with the decoder and is no
 * part of the file.
 */
export function encodeContent(
  frame: tf.Tensor4D,
  { channels }: Extract<EmbeddingOptions, { type: 'content' }>,
  width: number,
  { strides }: Geometry,
  params: Params,
): tf.Tensor4D {
  let x = tf.sub(frame, 0.5) as tf.Tensor4D;
  const down = downFactors(frame.shape[1] * frame.shape[2], strides);
  for (const [i, stride] of down.entries()) {
    const name = `encoder.${i}`;
    const last = i === down.length - 1;
    x = conv2d(spaceToDepth(x, stride), `${name}.down`, last ? channels : width, 1, params);
    if (last) break;
    x = normalised(x, `${name}.norm`, params);
    let y = normalised(depthwiseConv2d(x, `${name}.depthwise`, 7, params), `${name}.inner`, params);
    y = gelu(conv2d(y, `${name}.wide`, 4 * width, 1, params));
    x = tf.add(x, conv2d(y, `${name}.narrow`, width, 1, params, 0.5));
  }
  return x;
}

/** Strides, the first of them as one step: blocks at more places than this cost more than all else, for embeddings no better. */
function downFactors(pixels: number, strides: readonly number[]): number[] {
  const factors = [...strides];
  while (factors.length > 1 && pixels / factors[0]! ** 2 > MOST_PLACES) {
    factors.splice(0, 2, factors[0]! * factors[1]!);
  }
  return factors;
}

/** Each place with mean 0 and variance 1 over its channels, then scaled and shifted (Ba et al. 2016). */
function normalised(x: tf.Tensor4D, name: string, params: Params): tf.Tensor4D {
  const channels = x.shape[3];
  const centred = tf.sub(x, tf.mean(x, 3, true));
  const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), 3, true), 1e-6));
  const gain = params.get(`${name}.weight`, [channels], { kind: 'ones' });
  const shift = params.get(`${name}.bias`, [channels], { kind: 'zeros' });
  return tf.add(tf.mul(tf.div(centred, deviation), gain), shift);
}

/** Sines and cosines of a frame's place in its video, [1, 2 * frequencies] (NeRV, Chen et al. 2021, equation 1). */
export function placeOf(
  picture: number,
  lengthPictures: number,
  { frequencies, base }: Extract<EmbeddingOptions, { type: 'position' }>,
): Float32Array<ArrayBuffer> {
  const t = (picture + 0.5) / lengthPictures;
  return Float32Array.from({ length: 2 * frequencies }, (_, i) => {
    const angle = Math.PI * base ** (i >> 1) * t;
    return i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
}

/** The grid a decoder starts from, by two layers from the place of a frame: [1, 2 * frequencies] -> [1, ...grid, channels]. */
export function gridOfPlace(
  place: tf.Tensor2D,
  { channels, hidden }: Extract<EmbeddingOptions, { type: 'position' }>,
  { grid: [rows, columns] }: Geometry,
  params: Params,
): tf.Tensor4D {
  const inputs = tf.reshape(place, [1, 1, 1, place.shape[1]]) as tf.Tensor4D;
  const first = gelu(conv2d(inputs, 'place.0', hidden, 1, params, Math.SQRT2));
  const second = conv2d(first, 'place.1', rows * columns * channels, 1, params, Math.SQRT2);
  return tf.reshape(second, [1, rows, columns, channels]);
}
