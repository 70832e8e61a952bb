import type { Tensor3D } from '@tensorflow/tfjs-core';
import { defineStep } from '../codec/language-model.ts';
import type { Rng } from '../core/rng.ts';
import type { HostTensor } from '../core/tensor.ts';
import { trace } from '../engine/onnx/trace.ts';
import type { LanguageModelSizes } from '../nn/code-language-model.ts';
import { FreshParams } from '../nn/params.ts';
import { WholeTimeline } from '../nn/timeline.ts';
import type { Recipe } from './schema.ts';
import { buildStages } from './stages.ts';

/** Initial weights of a recipe's encoder and decoder. Codebooks are not among them: they are learned from latents. */
export function freshWeights(recipe: Recipe, rng: Rng): Map<string, HostTensor> {
  const params = new FreshParams(rng);
  const { encoder, decoder, features } = buildStages(recipe).inner;
  const scope = { params, time: new WholeTimeline() };
  // Tracing is enough: model code asks for its weights as it runs.
  trace((io) => {
    const hopLength = encoder.hopLength * (features?.hopLength ?? 1);
    const x = io.input('x', [1, 8 * hopLength, recipe.signal.channels]) as Tensor3D;
    const frames = features ? features.analyse(x, scope) : x;
    io.output('y', decoder.decode(encoder.encode(frames, scope), scope));
  });
  return params.weights;
}

/** Initial weights of a language model over codes. */
export function freshLanguageModel(sizes: LanguageModelSizes, rng: Rng): Map<string, HostTensor> {
  const params = new FreshParams(rng);
  trace((io) => defineStep(io, sizes.codebooks, sizes, params));
  return params.weights;
}
