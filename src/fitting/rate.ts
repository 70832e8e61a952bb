import * as tf from '@tensorflow/tfjs-core';

/** The narrowest and widest scale of a Laplace distribution that the model of rates knows. */
export const MIN_SCALE = 2 ** -4;
export const MAX_SCALE = 2 ** 6;
const LN2 = Math.log(2);
/** No symbol has less of the 2^16 parts of an integer table. */
const MIN_PROBABILITY = 2 ** -16;

/**
 * Bits that values take when rounded and coded under Laplace distributions: -log2 of the probability of the unit interval
 * around each value (Ballé et al. 2017; for Laplace: Ladune et al., "COOL-CHIC", arXiv:2212.05458).
 * @param x, mean, logScale of one shape, or broadcasting to that of x; logScale is log2 of the scale
 */
export function laplaceBits(x: tf.Tensor, mean: tf.Tensor, logScale: tf.Tensor): tf.Tensor {
  const clipped = tf.clipByValue(logScale, Math.log2(MIN_SCALE), Math.log2(MAX_SCALE));
  const inverse = tf.exp(tf.mul(clipped, -LN2));
  const distance = tf.abs(tf.sub(x, mean));
  // Beyond half a unit the interval lies on one side of the mean; within, on both.
  const outer = tf.mul(tf.maximum(tf.sub(distance, 0.5), 0), inverse);
  const inner = tf.minimum(distance, 0.5);
  const near = tf.exp(tf.mul(tf.sub(inner, 0.5), inverse));
  const far = tf.exp(tf.mul(tf.neg(tf.add(inner, 0.5)), inverse));
  // With a = e^((d - 1/2) / b), c = e^(-(d + 1/2) / b): 1 - (a + c) / 2, which at d = 1/2 is (1 - e^(-1/b)) / 2.
  const mass = tf.sub(1, tf.mul(tf.add(near, far), 0.5));
  const bits = tf.sub(tf.div(outer, LN2), tf.div(tf.log(tf.maximum(mass, MIN_PROBABILITY)), LN2));
  return bits;
}
