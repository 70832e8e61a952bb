import * as tf from '@tensorflow/tfjs-core';
import { hiddenLayer } from '../../nn/hidden-layer.ts';
import { laplaceBits } from '../rate.ts';

/**
 * Bits of latents, as a context model that is trained says: a float version of `IntegerContext`.
 * @param name of the model, as in `ContextShape`
 * @param inputs [contexts + beside + 1, latents], the last row ones
 * @param latents [1, latents]
 * @returns [1, latents]
 */
export function contextBits(
  name: string,
  inputs: tf.Tensor2D,
  latents: tf.Tensor2D,
  get: (name: string) => tf.Tensor,
): tf.Tensor2D {
  const matrix = (layer: string) => get(`${name}.${layer}`) as tf.Tensor2D;
  const first = hiddenLayer(inputs, matrix('0'), true);
  const second = hiddenLayer(first, matrix('1'));
  const parameters = tf.add(
    tf.matMul(matrix('2'), second, true, true),
    tf.matMul(matrix('skip'), inputs, true),
  );
  const count = inputs.shape[1];
  const mean = tf.slice(parameters, [0, 0], [1, count]);
  const logScale = tf.slice(parameters, [1, 0], [1, count]);
  return laplaceBits(latents, mean, logScale) as tf.Tensor2D;
}
