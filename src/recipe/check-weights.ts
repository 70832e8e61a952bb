import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { defineStep } from '../codec/language-model.ts';
import { CodecError } from '../core/errors.ts';
import type { Params } from '../core/stages.ts';
import type { HostTensor } from '../core/tensor.ts';
import type { GraphIo } from '../engine/engine.ts';
import { trace } from '../engine/onnx/trace.ts';
import { ConstantParams } from '../nn/params.ts';
import { WholeTimeline } from '../nn/timeline.ts';
import { foldWeightNorm } from '../nn/weight-norm.ts';
import { languageModelSizes } from './ecdc.ts';
import { fittedRecipeNames, loadFittedRecipe, loadRecipe, recipeNames } from './load.ts';
import type { Recipe } from './schema.ts';
import { buildStages } from './stages.ts';

type Tensors = ReadonlyMap<string, HostTensor>;

/** A place in a recipe that names weights. */
export interface WeightsSlot {
  readonly weights: string;
  /**
   * Checks that weights are those the place is for: every tensor asked for is there with its shape, and an encoder, a
   * decoder or a transformer has none besides. More codebooks than the recipe uses are welcome.
   * @throws `bad-weights` that names the first tensor at fault, what it is and what it should be
   */
  readonly assertFit: (weights: Tensors) => void;
}

/** The places in a recipe that name weights: the codec's own first. */
export function weightsSlots(recipe: Recipe): WeightsSlot[] {
  const { encoder, quantizer, inner } = buildStages(recipe);
  const { channels, sampleRateHz } = recipe.signal;
  const scopeOf = (params: Params) => ({ params, time: new WholeTimeline() });
  const codec = (io: GraphIo, params: Params) => {
    const scope = scopeOf(params);
    const width = inner.features?.dimension ?? channels;
    const x = io.input('x', [1, 8 * inner.encoder.hopLength, width]) as Tensor3D;
    const latents = inner.encoder.encode(x, scope);
    const rows = io.input('rows', [8, encoder.dimension]) as Tensor2D;
    io.output('codes', quantizer.quantize(rows, quantizer.codebooks, scope));
    io.output('y', inner.decoder.decode(latents, scope));
  };
  const slots: WeightsSlot[] = [
    {
      weights: recipe.weights,
      assertFit: (weights: Tensors) => check(codec, foldWeightNorm(weights), /^(encoder|decoder)\./, recipe),
    },
  ];
  const network = inner.vocoder?.network;
  if (network && inner.features) {
    const { dimension } = inner.features;
    const synthesis = (io: GraphIo, params: Params) => {
      const frames = io.input('frames', [1, 16, dimension]) as Tensor3D;
      io.output('y', network.magnitudes(frames, scopeOf(params)));
    };
    slots.push({
      weights: network.weights,
      assertFit: (weights) => check(synthesis, weights, /^vocoder\./, recipe),
    });
  }
  const languageModel = recipe.ecdc?.languageModel;
  if (languageModel) {
    const sizes = languageModelSizes(languageModel, { encoder, quantizer }, sampleRateHz);
    const step = (io: GraphIo, params: Params) => defineStep(io, sizes.codebooks, sizes, params);
    slots.push({
      weights: languageModel.weights,
      assertFit: (weights) => check(step, weights, /^transformer\./, recipe),
    });
  }
  return slots;
}

/** Tracing is enough: model code asks for its weights as it runs. It must ask for all whose names match `whole`. */
function check(
  model: (io: GraphIo, params: Params) => void,
  weights: Tensors,
  whole: RegExp,
  { name }: Recipe,
): void {
  const params = new WatchedParams(weights);
  trace((io) => model(io, params));
  const unused = params.unused().find((tensor) => whole.test(tensor));
  if (unused === undefined) return;
  throw new CodecError('bad-weights', {
    what: `the weights do not fit the recipe ${name}`,
    found: `${unused}, which it has no use for`,
    remedy: 'Use weights made for this recipe.',
  });
}

/** The place in a recipe where weights of this name go: where it says so, or else the codec's own. */
export function slotFor(recipe: Recipe, weightsName: string): WeightsSlot {
  const slots = weightsSlots(recipe);
  return slots.find(({ weights }) => weights === weightsName) ?? slots[0]!;
}

/** Names of the package's recipes that ask for weights of this name. */
export function recipesUsing(weightsName: string): string[] {
  return recipeNames().filter((name) =>
    weightsSlots(loadRecipe(name)).some(({ weights }) => weights === weightsName),
  );
}

/** Names of the package's fitted recipes whose fits start from weights of this name. */
export function fittedRecipesUsing(weightsName: string): string[] {
  return fittedRecipeNames().filter((name) => {
    const { representation } = loadFittedRecipe(name);
    return 'weights' in representation && representation.weights === weightsName;
  });
}

/** Names of the package's recipes whose codec the weights fit. */
export function recipesThatFit(weights: Tensors): string[] {
  return recipeNames().filter((name) => whyUnfit(weightsSlots(loadRecipe(name))[0]!, weights) === undefined);
}

/** What a place's `assertFit` throws, if anything. */
export function whyUnfit({ assertFit }: WeightsSlot, weights: Tensors): CodecError | undefined {
  try {
    assertFit(weights);
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
