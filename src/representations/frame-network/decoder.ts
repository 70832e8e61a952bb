import * as tf from '@tensorflow/tfjs-core';
import type { Params } from '../../core/stages.ts';
import { conv2d, gelu } from '../../nn/conv2d.ts';
import { type BlockName, type BlockSpec, blocks } from './blocks.ts';
import type { Geometry } from './geometry.ts';

export interface DecoderOptions {
  readonly blocks: BlockName;
  /** Channels are divided by this from block to block, down to the fewest. */
  readonly reduction: number;
  readonly fewestChannels: number;
  /** Taps on a side of the first block's convolution; two more in each one after it, up to the largest. */
  readonly kernel: number;
  readonly largestKernel: number;
}

/** Blocks of a decoder whose first has `width` channels before it. */
export function blockSpecs(options: DecoderOptions, { strides }: Geometry, width: number): BlockSpec[] {
  let channels = width;
  return strides.map((stride, i) => {
    channels = Math.max(Math.round(channels / options.reduction), options.fewestChannels);
    const kernel = Math.min(options.kernel + 2 * i, options.largestKernel);
    return { name: `block.${i}`, outChannels: channels, kernel, stride };
  });
}

/** [1, ...grid, channels] -> [1, ...padded, 3], samples in (0, 1) */
export function decodeFrame(
  embedding: tf.Tensor4D,
  width: number,
  options: DecoderOptions,
  geometry: Geometry,
  params: Params,
): tf.Tensor4D {
  let x = gelu(conv2d(embedding, 'stem', width, 1, params, Math.SQRT2));
  for (const spec of blockSpecs(options, geometry, width)) x = blocks[options.blocks].apply(x, spec, params);
  return tf.sigmoid(conv2d(x, 'head', 3, 3, params));
}
