import * as tf from '@tensorflow/tfjs-core';
import { contextBits } from '../../fitting/latents/context-graph.ts';
import { contextOffsets } from '../../fitting/latents/context-shape.ts';
import { HALO } from './geometry.ts';
import type { LatentImageOptions } from './options.ts';
import { fillCores, innerSize, type Stack } from './stacks.ts';

/**
 * Bits of a tile's latents, as the context model that is trained says.
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
  const bits = contextBits('context', x, tf.concat(own, 1) as tf.Tensor2D, get);
  return tf.sum(tf.mul(bits, tf.concat([...counts], 1))) as tf.Scalar;
}
