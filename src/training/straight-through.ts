import * as tf from '@tensorflow/tfjs-core';
import { nearestVectors } from '../quantizers/rvq.ts';

export interface QuantizedBatch {
  /** Sum of the chosen vectors (or the latents where bypassed), [rows, dimension]; its gradient passes straight through to the latents. */
  readonly quantized: tf.Tensor2D;
  /** Chosen vectors, [codebooks, rows] (int32), masked or not. */
  readonly codes: tf.Tensor2D;
  /** Mean squared distance between what each codebook was given and what it chose, over those in use. */
  readonly commitment: tf.Scalar;
}

/**
 * Residual quantization as training sees it (van den Oord et al. 2017; EnCodec section 3.2): the nearest vectors are sent
 * on, the gradient skips the choice, and latents are pulled towards their codes with weight `commitmentWeight`.
 * @param mask [codebooks, rows, 1] one where a row uses a codebook (quantizer dropout), else zero
 * @param bypass [rows, 1] one where latents are sent on as they are, else zero
 */
export function quantizeStraightThrough(
  latents: tf.Tensor2D,
  codebooks: readonly tf.Tensor2D[],
  mask: tf.Tensor3D,
  bypass: tf.Tensor2D,
  commitmentWeight: number,
): QuantizedBatch {
  const [rows, dimension] = latents.shape;
  let residual = latents;
  let sum: tf.Tensor = tf.zerosLike(latents);
  let pull: tf.Tensor = tf.zerosLike(latents);
  const chosen: tf.Tensor1D[] = [];
  const squares: tf.Tensor[] = [];
  for (const [q, vectors] of codebooks.entries()) {
    const index = nearestVectors(residual, vectors);
    chosen.push(index);
    const used = tf.reshape(tf.slice(mask, [q, 0, 0], [1, rows, 1]), [rows, 1]);
    const vector = tf.gather(vectors, index);
    const rest = tf.sub(residual, vector) as tf.Tensor2D;
    const masked = tf.mul(rest, used);
    sum = tf.add(sum, tf.mul(vector, used));
    pull = tf.add(pull, masked);
    squares.push(tf.sum(tf.square(masked)));
    residual = rest;
  }
  const scale = tf.div(1, tf.mul(tf.sum(mask), dimension));
  const pullGradient = tf.mul(pull, tf.mul(scale, 2 * commitmentWeight));
  const sent = tf.add(sum, tf.mul(bypass, tf.sub(latents, sum)));
  // The gradient sees only this: whatever was sent counts as the latents themselves.
  const pass = tf.customGrad((_, save) => {
    (save as tf.GradSaveFunc)([pullGradient]);
    return {
      value: tf.clone(sent),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.add(dy, saved[0]!),
    };
  });
  return {
    quantized: pass(latents) as tf.Tensor2D,
    codes: tf.stack(chosen) as tf.Tensor2D,
    commitment: tf.mul(tf.addN(squares), scale) as tf.Scalar,
  };
}
