import * as tf from '@tensorflow/tfjs-core';
import type { Dft } from './dft.ts';
import { hann } from './mel.ts';

/**
 * Magnitudes of Hann-windowed frames [rows, size], in the order in which `dft` keeps its bins: [rows, groups * inner].
 * A full-scale sine has about 1/2, as with `dftBasis`.
 */
export function keptMagnitudes(frames: tf.Tensor2D, dft: Dft): tf.Tensor2D {
  const rows = frames.shape[0];
  const windowed = tf.mul(frames, tf.tensor1d(hann(dft.size))) as tf.Tensor2D;
  // Added up as two tensors: over an axis of two, the runtime's sum takes ten times as long.
  const [real, imaginary] = tf.split(tf.square(dft.forward(windowed)), 2, 2) as [tf.Tensor, tf.Tensor];
  const power = tf.reshape(tf.add(real, imaginary), [dft.groups, rows, dft.inner]);
  // The small constant keeps the root differentiable in silence.
  const magnitude = tf.mul(tf.sqrt(tf.add(power, 1e-10)), 2 / dft.size);
  return tf.reshape(tf.transpose(magnitude, [1, 0, 2]), [rows, dft.groups * dft.inner]);
}

/** log10(x / floor + 1): silence is 0, and what lies well above the floor is logarithmic. */
export function logAboveFloor<T extends tf.Tensor>(x: T, floor: number): T {
  return tf.div(tf.log(tf.add(tf.div(x, floor), 1)), Math.LN10) as T;
}

/** The way back from `logAboveFloor`; what is below 0 is silence. */
export function aboveFloor<T extends tf.Tensor>(log: T, floor: number): T {
  return tf.mul(tf.sub(tf.exp(tf.mul(tf.relu(log), Math.LN10)), 1), floor) as T;
}

/** Rows for bins [bins, columns] placed where the transform keeps each bin, mirror images left out: [groups * inner, columns]. */
export function inKeptOrder(values: Float32Array, dft: Dft, columns: number): Float32Array<ArrayBuffer> {
  const ordered = new Float32Array(dft.groups * dft.inner * columns);
  for (const [bin, place] of dft.places.entries()) {
    ordered.set(values.subarray(bin * columns, (bin + 1) * columns), place * columns);
  }
  return ordered;
}
