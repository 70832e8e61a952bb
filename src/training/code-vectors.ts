import type { Tensor2D } from '@tensorflow/tfjs-core';
import { type HostTensor, int32 } from '../core/tensor.ts';
import { type Engine, feedOf } from '../engine/engine.ts';
import { ConstantParams } from '../nn/params.ts';
import { WholeTimeline } from '../nn/timeline.ts';
import type { Recipe } from '../recipe/schema.ts';
import { buildStages } from '../recipe/stages.ts';
import type { Vectors } from './principal.ts';

/**
 * What each index adds to the latents, by codebook: [codebookSize, dimension] each, up to a constant per codebook. Asked of
 * the quantizer itself, whatever its kind.
 */
export async function codeVectors(
  recipe: Recipe,
  weights: ReadonlyMap<string, HostTensor>,
  engine: Engine,
): Promise<Vectors[]> {
  const { quantizer } = buildStages(recipe);
  const { codebooks, codebookSize } = quantizer;
  const scope = { params: new ConstantParams(weights), time: new WholeTimeline() };
  const graph = await engine.compile((io) => {
    const indices = io.input('indices', [codebooks, codebookSize], 'int32') as Tensor2D;
    io.output('latents', quantizer.dequantize(indices, scope));
  });
  const vectors: Vectors[] = [];
  for (let q = 0; q < codebooks; q++) {
    const indices = int32([codebooks, codebookSize]);
    for (let s = 0; s < codebookSize; s++) indices.data[q * codebookSize + s] = s;
    const { latents } = await graph.run(feedOf({ indices }));
    vectors.push({ data: Float32Array.from(latents!.data), dimension: latents!.shape[1]! });
  }
  await graph.dispose();
  return vectors;
}
