import * as tf from '@tensorflow/tfjs-core';
import { rectifiedProduct } from './rectifier.ts';

/**
 * relu(x w) with a last unit that is one, [rows, units + 1]: biases of the next layer are then a row of its matrix.
 * @param x [rows, inputs], or transposed, the last input a one
 */
export function hiddenLayer(x: tf.Tensor2D, weights: tf.Tensor2D, transposed = false): tf.Tensor2D {
  return rectifiedProduct(x, withConstantUnit(weights), transposed);
}

/** A matrix with one more column, which gives the last input, a one. */
function withConstantUnit(weights: tf.Tensor2D): tf.Tensor2D {
  const [inputs] = weights.shape;
  const column = tf.tensor2d(
    Float32Array.from({ length: inputs }, (_, i) => (i === inputs - 1 ? 1 : 0)),
    [inputs, 1],
  );
  return tf.concat([weights, column], 1);
}

/** Planes, [planes, places], with one more of ones. */
export function withOnes(x: tf.Tensor2D): tf.Tensor2D {
  return tf.concat([x, tf.ones([1, x.shape[1]])], 0);
}
