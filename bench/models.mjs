import { Rng } from '../dist/src/core/rng.js';
import { float32 } from '../dist/src/core/tensor.js';
import { codebookName } from '../dist/src/quantizers/rvq.js';
import { freshWeights } from '../dist/src/recipe/fresh-weights.js';
import { loadRecipe } from '../dist/src/recipe/load.js';
import { buildStages } from '../dist/src/recipe/stages.js';

/** EnCodec 24 kHz at another width, e.g. 32 for the size the paper has. */
export function encodecOfWidth(nFilters, overrides = []) {
  return loadRecipe('encodec-24k', [
    `encoder.nFilters=${nFilters}`,
    `decoder.nFilters=${nFilters}`,
    ...overrides,
  ]);
}

/** Random weights for a recipe, codebooks too: speed does not depend on what they are. */
export function randomWeights(recipe) {
  const rng = new Rng(1);
  const weights = freshWeights(recipe, rng);
  const { encoder, quantizer } = buildStages(recipe);
  const shape = [quantizer.codebookSize, encoder.dimension];
  for (let q = 0; q < quantizer.codebooks; q++) {
    const values = Float32Array.from({ length: shape[0] * shape[1] }, () => rng.uniform() - 0.5);
    weights.set(codebookName(q), float32(shape, values));
  }
  return weights;
}

/** Uniform noise in [-0.5, 0.5). */
export function noise(lengthSamples, seed = 2) {
  const rng = new Rng(seed);
  return Float32Array.from({ length: lengthSamples }, () => rng.uniform() - 0.5);
}
