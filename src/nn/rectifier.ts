import * as tf from '@tensorflow/tfjs-core';

/** max(x, 0). Its gradient is the sign of the result times dy: the runtime's comparisons and choices are not vectorised. */
export function rectify(x: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((value, save) => {
    const y = tf.relu(value as tf.Tensor);
    (save as tf.GradSaveFunc)([y]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, tf.sign(saved[0]!)),
    };
  });
  return op(x);
}
