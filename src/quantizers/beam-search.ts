import * as tf from '@tensorflow/tfjs-core';

/**
 * Residual quantization that keeps the `beam` best combinations from codebook to codebook instead of the one nearest
 * vector (Babenko & Lempitsky 2014, additive quantization's beam search; "multi-path search" in speech coding). What
 * the decoder does stays the same; the sum comes closer to the latents.
 * @param latents [rows, dimension]
 * @param codebooks [codebookSize, dimension] each
 * @returns indices [codebooks, rows] (int32)
 */
export function beamSearch(
  latents: tf.Tensor2D,
  codebooks: readonly tf.Tensor2D[],
  beam: number,
): tf.Tensor2D {
  const rows = latents.shape[0];
  /** What each combination leaves over: [rows * kept, dimension]. */
  let residual: tf.Tensor = latents;
  let kept = 1;
  const steps: { readonly parents: tf.Tensor1D; readonly codes: tf.Tensor1D; readonly kept: number }[] = [];
  for (const [q, vectors] of codebooks.entries()) {
    const size = vectors.shape[0];
    const next = q === codebooks.length - 1 ? 1 : Math.min(beam, kept * size);
    const own = tf.sum(tf.square(residual), 1, true);
    const products = tf.matMul(residual as tf.Tensor2D, tf.transpose(tf.mul(vectors, 2)));
    // Largest negated distance first.
    const closeness = tf.sub(products, tf.add(own, tf.sum(tf.square(vectors), 1)));
    const { indices } = tf.topk(tf.reshape(closeness, [rows, kept * size]), next);
    const flat = tf.reshape(indices, [rows * next]) as tf.Tensor1D;
    const inRow = tf.floorDiv(flat, tf.scalar(size, 'int32'));
    const codes = tf.sub(flat, tf.mul(inRow, tf.scalar(size, 'int32'))) as tf.Tensor1D;
    const parents = tf.add(inRow, rowStarts(rows, next, kept)) as tf.Tensor1D;
    residual = tf.sub(tf.gather(residual, parents), tf.gather(vectors, codes));
    steps.push({ parents, codes, kept: next });
    kept = next;
  }
  // Back from the best combination of each row to how it came about.
  let at: tf.Tensor1D | undefined;
  const chosen: tf.Tensor1D[] = [];
  for (const { parents, codes } of steps.toReversed()) {
    chosen.push(at ? tf.gather(codes, at) : codes);
    at = at ? tf.gather(parents, at) : parents;
  }
  return tf.reshape(tf.stack(chosen.toReversed()), [codebooks.length, rows]) as tf.Tensor2D;
}

/** For each of `rows * next` combinations, where its row's `kept` earlier ones begin. */
function rowStarts(rows: number, next: number, kept: number): tf.Tensor1D {
  return tf.tensor1d(
    Int32Array.from({ length: rows * next }, (_, i) => Math.floor(i / next) * kept),
    'int32',
  );
}
