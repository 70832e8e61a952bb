import * as tf from '@tensorflow/tfjs-core';
import { laplaceBits } from '../../fitting/rate.ts';
import { contextOffsets, HALO, type LatentImageOptions, type Tiling } from './geometry.ts';
import { hiddenLayer } from './synthesis.ts';

/**
 * Bits of a tile's latents, as the context model that is trained says: a float version of `integer-context.ts`.
 * @param windows latents, rounded or with noise, and 0 outside of the picture
 * @param counts per level, [1, latents of the tile]: one for those that are in the picture, else zero
 */
export function latentBits(
  windows: readonly tf.Tensor2D[],
  counts: readonly tf.Tensor2D[],
  tiling: Tiling,
  { contexts }: LatentImageOptions,
  get: (name: string) => tf.Tensor,
): tf.Scalar {
  const offsets = contextOffsets(contexts);
  const inputs: tf.Tensor2D[] = [];
  const own: tf.Tensor2D[] = [];
  for (const [level, window] of windows.entries()) {
    const core = tiling.core(level);
    const latents = core[0] * core[1];
    const at = (dy: number, dx: number) =>
      tf.reshape(tf.slice(window, [HALO + dy, HALO + dx], [core[0], core[1]]), [1, latents]) as tf.Tensor2D;
    const around = offsets.map(([dy, dx]) => at(dy, dx));
    inputs.push(
      tf.concat([...around, tf.fill([1, latents], level), tf.ones([1, latents])], 0) as tf.Tensor2D,
    );
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
