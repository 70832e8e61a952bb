import * as tf from '@tensorflow/tfjs-core';

/** Multiplicative steps after which the magnitudes hardly change any more. */
const STEPS = 20;

/**
 * Non-negative magnitudes [rows, bins] whose mel bands come close to `mel` [rows, bands]: the least-squares solution,
 * clamped, then multiplicative updates, which keep it non-negative (Lee & Seung 2001).
 * @param filters [bins, bands] as `melFilters` makes them
 */
export function magnitudesFromMel(mel: tf.Tensor2D, filters: Float32Array, bins: number): tf.Tensor2D {
  const bands = mel.shape[1];
  const inverse = tf.tensor2d(leastSquaresInverse(filters, bins, bands), [bands, bins]);
  return fitToMel(tf.relu(tf.matMul(mel, inverse)), mel, filters, STEPS);
}

/**
 * Magnitudes [rows, bins] brought closer to `mel` [rows, bands] by multiplicative steps: what lies within a band keeps its
 * shape, the band's sum is put right.
 */
export function fitToMel(
  start: tf.Tensor2D,
  mel: tf.Tensor2D,
  filters: Float32Array,
  steps: number,
): tf.Tensor2D {
  const a = tf.tensor2d(filters, [start.shape[1], mel.shape[1]]);
  const wanted = tf.matMul(mel, a, false, true);
  // Not quite zero: a product could never leave it.
  let magnitudes: tf.Tensor2D = tf.add(start, 1e-8);
  for (let i = 0; i < steps; i++) {
    const reached = tf.matMul(tf.matMul(magnitudes, a), a, false, true);
    magnitudes = tf.mul(magnitudes, tf.div(wanted, tf.add(reached, 1e-10)));
  }
  return magnitudes;
}

/** (A^T A + ridge)^-1 A^T for A [bins, bands], in double precision: [bands, bins]. */
function leastSquaresInverse(filters: Float32Array, bins: number, bands: number): Float32Array<ArrayBuffer> {
  const width = bands + bins;
  const rows = Array.from({ length: bands }, () => new Float64Array(width));
  let trace = 0;
  for (let i = 0; i < bands; i++) {
    for (let j = 0; j < bands; j++) {
      let sum = 0;
      for (let k = 0; k < bins; k++) sum += filters[k * bands + i]! * filters[k * bands + j]!;
      rows[i]![j] = sum;
      if (i === j) trace += sum;
    }
    for (let k = 0; k < bins; k++) rows[i]![bands + k] = filters[k * bands + i]!;
  }
  // Bands narrower than a bin may be equal: a touch of ridge keeps the matrix regular.
  for (let i = 0; i < bands; i++) rows[i]![i]! += (1e-6 * trace) / bands;
  for (let i = 0; i < bands; i++) {
    const pivot = rows[i]![i]!;
    for (let c = 0; c < width; c++) rows[i]![c]! /= pivot;
    for (let r = 0; r < bands; r++) {
      const factor = rows[r]![i]!;
      if (r === i || factor === 0) continue;
      for (let c = i; c < width; c++) rows[r]![c]! -= factor * rows[i]![c]!;
    }
  }
  const inverse = new Float32Array(bands * bins);
  for (let i = 0; i < bands; i++) inverse.set(rows[i]!.subarray(bands), i * bins);
  return inverse;
}
