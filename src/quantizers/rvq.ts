import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Quantizer, Scope } from '../core/stages.ts';
import { beamSearch } from './beam-search.ts';

export const rvqOptions = z.strictObject({
  codebooks: z.int().positive().describe('codebooks at the highest bitrate'),
  codebookSize: z.int().min(2).describe('vectors per codebook'),
  beam: z
    .int()
    .min(1)
    .default(1)
    .describe('combinations the encoder keeps in mind; 1 takes the nearest vector each time'),
});

export interface RvqSizes extends z.input<typeof rvqOptions> {
  readonly dimension: number;
}

/** State-dict name of a codebook's vectors. */
export function codebookName(index: number): string {
  return `quantizer.vq.layers.${index}._codebook.embed`;
}

/**
 * Residual vector quantization (Zeghidour et al. 2021, SoundStream, section III-C): each codebook quantizes what the ones
 * before it left over, to the nearest vector in squared Euclidean distance. Fewer codebooks give a lower bitrate.
 */
export function rvq(options: RvqSizes): Quantizer {
  const { codebooks, codebookSize, dimension, beam = 1 } = options;
  const codebook = (index: number, scope: Scope) =>
    scope.params.get(codebookName(index), [codebookSize, dimension], { kind: 'zeros' }) as tf.Tensor2D;

  return {
    codebooks,
    codebookSize,

    quantize(latents, count, scope) {
      const all = Array.from({ length: count }, (_, q) => codebook(q, scope));
      if (beam > 1) return beamSearch(latents, all, beam);
      let residual = latents;
      const indices: tf.Tensor1D[] = [];
      for (let q = 0; q < count; q++) {
        const vectors = all[q]!;
        const nearest = nearestVectors(residual, vectors);
        indices.push(nearest);
        if (q + 1 < count) residual = tf.sub(residual, tf.gather(vectors, nearest));
      }
      return tf.stack(indices) as tf.Tensor2D;
    },

    dequantize(indices, scope) {
      const [count, rows] = indices.shape;
      let sum: tf.Tensor2D | undefined;
      for (let q = 0; q < count; q++) {
        const chosen = tf.reshape(tf.slice(indices, [q, 0], [1, rows]), [rows]) as tf.Tensor1D;
        const vectors: tf.Tensor2D = tf.gather(codebook(q, scope), chosen);
        sum = sum ? tf.add(sum, vectors) : vectors;
      }
      return sum!;
    },
  };
}

/** Index of the nearest row of `vectors` for each row of `x`: the |x|^2 term does not change which it is. */
export function nearestVectors(x: tf.Tensor2D, vectors: tf.Tensor2D): tf.Tensor1D {
  // Written so that the search is one matrix product with a bias; everything but x is constant in inference.
  const norms = tf.sum(tf.square(vectors), 1);
  const scaled = tf.transpose(tf.mul(vectors, -2));
  return tf.argMin(tf.add(tf.matMul(x, scaled), norms), 1);
}
