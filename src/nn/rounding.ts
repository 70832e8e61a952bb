import * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../core/rng.ts';

/**
 * Rounding with a slope (Agustsson & Theis 2020, "Universally Quantized Neural Compression", section 4.1): the identity
 * for large temperatures, a staircase for small ones.
 * @param temperature a positive scalar
 */
export function softRound(x: tf.Tensor, temperature: tf.Tensor): tf.Tensor {
  const middle = tf.add(tf.floor(x), 0.5);
  const height = tf.mul(tf.tanh(tf.div(0.5, temperature)), 2);
  return tf.add(middle, tf.div(tf.tanh(tf.div(tf.sub(x, middle), temperature)), height));
}

/** Rounds; the gradient passes as if it did not. */
export function roundStraightThrough(x: tf.Tensor): tf.Tensor {
  const round = tf.customGrad((value) => ({
    value: tf.round(value as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.clone(dy),
  }));
  return round(x);
}

const SAMPLES_BITS = 12;

/**
 * Noise in (-1/2, 1/2) to put in place of rounding: Kumaraswamy's distribution with its mode at 0 (Kim et al., "C3",
 * arXiv:2312.02753, section 3.1). Uniform for `strength` 1, the narrower the larger it is. Drawn from 4096 quantiles.
 */
export class NoiseTable {
  private readonly quantiles = new Float32Array(1 << SAMPLES_BITS);

  constructor(strength: number) {
    const a = strength;
    // The b that puts the mode in the middle of (0, 1).
    const b = (2 ** a * (a - 1) + 1) / a;
    for (let i = 0; i < this.quantiles.length; i++) {
      const u = (i + 0.5) / this.quantiles.length;
      this.quantiles[i] = (1 - (1 - u) ** (1 / b)) ** (1 / a) - 0.5;
    }
  }

  fill(target: Float32Array, rng: Rng): void {
    const mask = this.quantiles.length - 1;
    for (let i = 0; i < target.length; i += 2) {
      const bits = rng.uint32();
      target[i] = this.quantiles[bits & mask]!;
      if (i + 1 < target.length) target[i + 1] = this.quantiles[(bits >>> 16) & mask]!;
    }
  }
}
