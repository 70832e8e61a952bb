import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Scope } from '../core/stages.ts';

const positive = z.int().positive();

/** Options of a ConvNeXt encoder or decoder of feature frames. */
export const convnextOptions = z.strictObject({
  frames: positive.describe('feature frames in one latent frame'),
  width: positive.describe('channels of the blocks'),
  blocks: z.int().min(0),
  kernelSize: positive.default(7),
  expansion: positive.default(4).describe('hidden width of a block over its width'),
});

export interface ConvnextSizes extends z.output<typeof convnextOptions> {
  /** Values per feature frame. */
  readonly features: number;
  /** Channels of a latent frame. */
  readonly dimension: number;
}

/** y = x W + b over the last axis. x [batch, time, width] -> [batch, time, columns] */
export function linear(
  x: tf.Tensor3D,
  name: string,
  columns: number,
  scope: Scope,
  { gain = 1, bias = true }: { readonly gain?: number; readonly bias?: boolean } = {},
): tf.Tensor3D {
  const [batch, time, width] = x.shape;
  const bound = gain * Math.sqrt(3 / width);
  const weight = scope.params.get(`${name}.weight`, [width, columns], { kind: 'uniform', bound });
  const y = tf.matMul(tf.reshape(x, [batch * time, width]) as tf.Tensor2D, weight as tf.Tensor2D);
  const shifted = bias ? tf.add(y, scope.params.get(`${name}.bias`, [columns], { kind: 'zeros' })) : y;
  return tf.reshape(shifted, [batch, time, columns]);
}

/** Frames with mean 0 and variance 1 over their channels, then scaled and shifted (Ba et al. 2016). */
function layerNorm(x: tf.Tensor3D, name: string, scope: Scope): tf.Tensor3D {
  const width = x.shape[2];
  const centred = tf.sub(x, tf.mean(x, 2, true));
  const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), 2, true), 1e-6));
  const gain = scope.params.get(`${name}.weight`, [width], { kind: 'ones' });
  const shift = scope.params.get(`${name}.bias`, [width], { kind: 'zeros' });
  return tf.add(tf.mul(tf.div(centred, deviation), gain), shift) as tf.Tensor3D;
}

/** Each channel's own causal convolution. x [batch, time, width] -> the same */
function depthwise(x: tf.Tensor3D, name: string, kernel: number, scope: Scope): tf.Tensor3D {
  const [batch, time, width] = x.shape;
  const weight = scope.params.get(`${name}.weight`, [kernel, width], {
    kind: 'uniform',
    bound: Math.sqrt(3 / kernel),
  });
  const bias = scope.params.get(`${name}.bias`, [width], { kind: 'zeros' });
  const padded = scope.time.pad(name, x, { kernel, stride: 1, mode: 'zero' });
  const taps = Array.from({ length: kernel }, (_, k) =>
    tf.mul(tf.slice(padded, [0, k, 0], [batch, time, width]), tf.slice(weight, [k, 0], [1, width])),
  );
  return tf.add(tf.addN(taps), bias) as tf.Tensor3D;
}

/** A causal ConvNeXt block (Liu et al. 2022, as Vocos uses it in one dimension): x + scale * mlp(norm(depthwise(x))). */
export function convnextBlock(
  x: tf.Tensor3D,
  name: string,
  { kernelSize, expansion }: Pick<ConvnextSizes, 'kernelSize' | 'expansion'>,
  scope: Scope,
): tf.Tensor3D {
  const width = x.shape[2];
  const seen = layerNorm(depthwise(x, `${name}.depthwise`, kernelSize, scope), `${name}.norm`, scope);
  const hidden = gelu(linear(seen, `${name}.up`, expansion * width, scope));
  // Starts out as the identity, or nearly.
  return tf.add(x, linear(hidden, `${name}.down`, width, scope, { gain: 0.1 })) as tf.Tensor3D;
}

/** x Phi(x), by the sigmoid that comes close to it (Hendrycks & Gimpel 2016). */
function gelu(x: tf.Tensor3D): tf.Tensor3D {
  return tf.mul(x, tf.sigmoid(tf.mul(x, 1.702)));
}
