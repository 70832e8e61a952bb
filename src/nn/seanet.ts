import * as tf from '@tensorflow/tfjs-core';
import type { Scope } from '../core/stages.ts';
import { conv1d } from './layers.ts';

/** Sizes of a SEANet encoder or decoder (Tagliasacchi et al. 2020; as in EnCodec, Défossez et al. 2022, section 3.1). */
export interface SeanetOptions {
  /** Channels of the signal. */
  readonly channels: number;
  /** Channels of a latent frame. */
  readonly dimension: number;
  /** Width of the layer next to the signal; it doubles with every ratio. */
  readonly nFilters: number;
  /** Up-sampling factors in the decoder's order; the encoder goes through them backwards. */
  readonly ratios: readonly number[];
  readonly kernelSize: number;
  readonly lastKernelSize: number;
  readonly residualKernelSize: number;
  readonly residualLayers: number;
  /** Hidden width of a residual block is its width divided by this. */
  readonly compress: number;
  readonly lstmLayers: number;
}

/** Samples per latent frame. */
export function hopLength(options: SeanetOptions): number {
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
export function residualBlock(
  x: tf.Tensor3D,
  name: string,
  options: SeanetOptions,
  scope: Scope,
): tf.Tensor3D {
  const width = x.shape[2];
  const conv = (h: tf.Tensor3D, part: string, outChannels: number, kernel: number) =>
    conv1d(h, { name: `${name}.${part}.conv.conv`, outChannels, kernel }, scope);
  const hidden = conv(tf.elu(x), 'block.1', width / options.compress, options.residualKernelSize);
  const block = conv(tf.elu(hidden), 'block.3', width, 1);
  return tf.add(conv(x, 'shortcut', width, 1), block);
}
