import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Scope } from '../core/stages.ts';
import { conv1d } from './layers.ts';

const positive = z.int().positive();

/** Options of a SEANet encoder or decoder (Tagliasacchi et al. 2020; EnCodec, Défossez et al. 2022, section 3.1). */
export const seanetOptions = z.strictObject({
  nFilters: positive.describe('width of the layer next to the signal; it doubles with every ratio'),
  ratios: z
    .array(positive)
    .min(1)
    .describe("up-sampling factors in the decoder's order; the encoder goes backwards"),
  kernelSize: positive.default(7).describe('kernel of the first convolution'),
  lastKernelSize: positive.default(7).describe('kernel of the last convolution'),
  residualKernelSize: positive.default(3),
  residualLayers: positive.default(1).describe('residual blocks per ratio'),
  compress: positive.default(2).describe('width of a residual block over its hidden width'),
  lstmLayers: z.int().min(0).default(2),
  causal: z
    .boolean()
    .default(true)
    .describe('layers see no samples after their own; else framing must be segments'),
  norm: z
    .enum(['weight', 'time-group'])
    .default('weight')
    .describe(
      'of the weights, or of the outputs over all frames and channels, for which framing must be segments',
    ),
});

/** Options together with what the recipe's other parts decide. */
export interface SeanetSizes extends z.output<typeof seanetOptions> {
  /** Channels of the signal. */
  readonly channels: number;
  /** Channels of a latent frame. */
  readonly dimension: number;
}

/** Samples per latent frame. */
export function hopLength(options: SeanetSizes): number {
  return options.ratios.reduce((product, ratio) => product * ratio, 1);
}

/** Walks the numbered layers of a torch Sequential: names are `PREFIX.model.N`, activations count too. */
export class Sequence {
  private index = 0;
  private readonly prefix: string;
  private readonly scope: Scope;

  constructor(prefix: string, scope: Scope) {
    this.prefix = prefix;
    this.scope = scope;
  }

  /** Applies the next layer. */
  next(x: tf.Tensor3D, layer: (x: tf.Tensor3D, name: string) => tf.Tensor3D): tf.Tensor3D {
    const name = `${this.prefix}.model.${this.index++}`;
    const y = layer(x, name);
    this.scope.tap?.(name, y);
    return y;
  }

  elu(x: tf.Tensor3D): tf.Tensor3D {
    return this.next(x, (h) => tf.elu(h));
  }
}

/** y = shortcut(x) + conv1(elu(conv3(elu(x)))), the shortcut being a convolution of kernel 1. */
export function residualBlock(x: tf.Tensor3D, name: string, options: SeanetSizes, scope: Scope): tf.Tensor3D {
  const width = x.shape[2];
  const conv = (h: tf.Tensor3D, part: string, outChannels: number, kernel: number) =>
    conv1d(h, { name: `${name}.${part}.conv.conv`, outChannels, kernel, style: options }, scope);
  const hidden = conv(tf.elu(x), 'block.1', width / options.compress, options.residualKernelSize);
  const block = conv(tf.elu(hidden), 'block.3', width, 1);
  return tf.add(conv(x, 'shortcut', width, 1), block);
}
