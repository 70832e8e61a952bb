import * as tf from '@tensorflow/tfjs-core';
import { laplaceBits } from '../../fitting/rate.ts';
import { contextOffsets, HALO, type LatentImageOptions } from './geometry.ts';
import { fillCores, innerSize, type Stack } from './stacks.ts';
import { hiddenLayer } from './synthesis.ts';

/**
 * Bits of a tile's latents, as the context model that is trained says: a float version of `integer-context.ts`.
 * @param planes latents, rounded or with noise, and 0 outside of the picture
 * @param counts per plane, [1, places in its middle]: one for those in tile and picture, else zero
 */
export function latentBits(
  stacks: readonly Stack[],
  planes: readonly tf.Tensor2D[],
  counts: readonly tf.Tensor2D[],
  { contexts }: LatentImageOptions,
  get: (name: string) => tf.Tensor,
): tf.Scalar {
  const offsets = contextOffsets(contexts);
  const inputs: tf.Tensor2D[] = [];
  const own: tf.Tensor2D[] = [];
  for (const [i, stack] of stacks.entries()) {
    const inner = innerSize(stack);
    const places = inner[0] * inner[1];
    const at = (dy: number, dx: number) =>
      tf.reshape(tf.slice(planes[i]!, [HALO + dy, HALO + dx], [...inner]), [1, places]) as tf.Tensor2D;
    const around = offsets.map(([dy, dx]) => at(dy, dx));
    const level = tf.tensor2d(
      fillCores(stack, (each) => each),
      [1, places],
    );
    inputs.push(tf.concat([...around, level, tf.ones([1, places])], 0) as tf.Tensor2D);
    own.push(at(0, 0));
  }
  const x = tf.concat(inputs, 1) as tf.Tensor2D;
  const first = hiddenLayer(x, get('context.0') as tf.Tensor2D, true);
  const second = hiddenLayer(first, get('context.1') as tf.Tensor2D);
  const parameters = tf.add(
    tf.matMul(get('context.2') as tf.Tensor2D, second, true, true),
    tf.matMul(get('context.skip') as tf.Tensor2D, x, true),
  );
  const latents = x.shape[1];
  const mean = tf.slice(parameters, [0, 0], [1, latents]);
  const logScale = tf.slice(parameters, [1, 0], [1, latents]);
  const bits = laplaceBits(tf.concat(own, 1), mean, logScale);
  return tf.sum(tf.mul(bits, tf.concat([...counts], 1))) as tf.Scalar;
}
