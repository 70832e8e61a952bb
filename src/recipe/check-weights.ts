import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { CodecError } from '../core/errors.ts';
import type { Params } from '../core/stages.ts';
import type { HostTensor } from '../core/tensor.ts';
import { trace } from '../engine/onnx/onnx-engine.ts';
import { ConstantParams } from '../nn/params.ts';
import { WholeTimeline } from '../nn/timeline.ts';
import { foldWeightNorm } from '../nn/weight-norm.ts';
import { loadRecipe, recipeNames } from './load.ts';
import type { Recipe } from './schema.ts';
import { buildStages } from './stages.ts';

type Tensors = ReadonlyMap<string, HostTensor>;

/**
 * Checks that weights are those of a recipe: every tensor it asks for is there with its shape, and the encoder and the
 * decoder have none besides. More codebooks than the recipe uses are welcome.
 * @throws `bad-weights` that names the first tensor at fault, what it is and what it should be
 */
export function assertWeightsFit(recipe: Recipe, weights: Tensors): void {
  const params = new WatchedParams(foldWeightNorm(weights));
  const { encoder, quantizer, decoder } = buildStages(recipe);
  const scope = { params, time: new WholeTimeline() };
  // Tracing is enough: model code asks for its weights as it runs.
  trace((io) => {
    const x = io.input('x', [1, 8 * encoder.hopLength, recipe.signal.channels]) as Tensor3D;
    const latents = encoder.encode(x, scope);
    const rows = io.input('rows', [8, encoder.dimension]) as Tensor2D;
    io.output('codes', quantizer.quantize(rows, quantizer.codebooks, scope));
    io.output('y', decoder.decode(latents, scope));
  });
  const unused = params.unused().find((name) => /^(encoder|decoder)\./.test(name));
  if (unused === undefined) return;
  throw new CodecError('bad-weights', {
    what: `the weights do not fit the recipe ${recipe.name}`,
    found: `${unused}, which it has no use for`,
    remedy: 'Use weights made for this recipe.',
  });
}

/** Names of the package's recipes that weights fit. */
export function recipesThatFit(weights: Tensors): string[] {
  return recipeNames().filter((name) => whyUnfit(loadRecipe(name), weights) === undefined);
}

/** Names of the package's recipes that ask for weights of this name. */
export function recipesUsing(weightsName: string): string[] {
  return recipeNames().filter((name) => loadRecipe(name).weights === weightsName);
}

/** What `assertWeightsFit` throws, if anything. */
export function whyUnfit(recipe: Recipe, weights: Tensors): CodecError | undefined {
  try {
    assertWeightsFit(recipe, weights);
    return undefined;
  } catch (error) {
    if (error instanceof CodecError && error.code === 'bad-weights') return error;
    throw error;
  }
}

class WatchedParams implements Params {
  private readonly inner: ConstantParams;
  private readonly names: Set<string>;

  constructor(weights: Tensors) {
    this.inner = new ConstantParams(weights);
    this.names = new Set(weights.keys());
  }

  has(name: string): boolean {
    return this.inner.has(name);
  }

  get(name: string, shape: readonly number[]): Tensor {
    this.names.delete(name);
    return this.inner.get(name, shape);
  }

  /** Names nobody has asked for so far. */
  unused(): string[] {
    return [...this.names];
  }
}
