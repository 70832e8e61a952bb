import * as tf from '@tensorflow/tfjs-core';

/** Any positive number of a network times this is at least 1. */
const HUGE = 1e30;

/** max(x, 0). Its gradient is dy times min(HUGE y, 1): the runtime's comparisons, choices and signs are not vectorised. */
export function rectify(x: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((value, save) => {
    const y = tf.relu(value as tf.Tensor);
    (save as tf.GradSaveFunc)([y]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, tf.minimum(tf.mul(saved[0]!, HUGE), 1)),
    };
  });
  return op(x);
}

/** Any positive number of a network is above this; its reciprocal, and the product of both with a gradient, are floats. */
const TINY = 1e-12;

/**
 * max(x weights, 0). Gradients pass where the result is above zero: as TINY times themselves, which takes one pass over the
 * result instead of two; the products that follow make up for it.
 * @param x [rows, inputs], or transposed
 */
export function rectifiedProduct(x: tf.Tensor2D, weights: tf.Tensor2D, transposed = false): tf.Tensor2D {
  const op = tf.customGrad((left, right, save) => {
    const [input, matrix] = [left as tf.Tensor2D, right as tf.Tensor2D];
    const y = tf.relu(tf.matMul(input, matrix, transposed));
    (save as tf.GradSaveFunc)([input, matrix, y]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [at, by, result] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const passed = tf.mul(dy, tf.clipByValue(result, 0, TINY)) as tf.Tensor2D;
      const back = tf.mul(by, 1 / TINY) as tf.Tensor2D;
      return [
        transposed ? tf.matMul(back, passed, false, true) : tf.matMul(passed, back, false, true),
        tf.mul(tf.matMul(at, passed, !transposed), 1 / TINY),
      ];
    };
    return { value: y, gradFunc };
  });
  return op(x, weights) as tf.Tensor2D;
}
