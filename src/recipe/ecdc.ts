import type { EcdcHeader } from '../bitstream/ecdc-header.ts';
import { EcdcProfile } from '../codec/ecdc-profile.ts';
import { LanguageModel } from '../codec/language-model.ts';
import { CodecError } from '../core/errors.ts';
import { createEngine } from '../engine/catalogue.ts';
import type { LanguageModelSizes } from '../nn/code-language-model.ts';
import { loadWeights, whyAbsent } from '../weights/store.ts';
import { loadRecipe, recipeNames } from './load.ts';
import type { Recipe } from './schema.ts';
import type { Stages } from './stages.ts';

/** What a recipe says about `.ecdc` files, its language model to be loaded when it is needed. */
export function ecdcProfile(
  { model, languageModel }: NonNullable<Recipe['ecdc']>,
  { encoder, quantizer }: Stages,
  sampleRateHz: number,
  engine: string | undefined,
): EcdcProfile {
  if (!languageModel) return new EcdcProfile(model);
  const { weights } = languageModel;
  const sizes = languageModelSizes(languageModel, { encoder, quantizer }, sampleRateHz);
  return new EcdcProfile(model, async () => {
    const { tensors } = loadWeights(weights);
    // More threads would only wait for each other, and the sums might differ.
    const single = await createEngine(engine, { threads: 1 });
    return new LanguageModel(sizes, tensors, single);
  });
}

/** Sizes of a recipe's language model. */
export function languageModelSizes(
  { weights: _, pastSeconds, ...shape }: NonNullable<NonNullable<Recipe['ecdc']>['languageModel']>,
  { encoder, quantizer }: Pick<Stages, 'encoder' | 'quantizer'>,
  sampleRateHz: number,
): LanguageModelSizes {
  const { codebooks, codebookSize } = quantizer;
  // int(3.5 * frame_rate) in the reference.
  const pastFrames = Math.floor((pastSeconds * sampleRateHz) / encoder.hopLength);
  return { ...shape, codebooks, codebookSize, pastFrames };
}

/**
 * Name or path of the recipe that decodes a `.ecdc` file: the first of the package with its model and with weights here.
 * @param given what the user says it is
 * @throws `bad-container` when no recipe has the model, `bad-weights` when the weights of those that have it are absent
 */
export function recipeForEcdc(header: EcdcHeader, given?: string): string {
  return given ?? firstWithWeights(recipesWithModel(header)).name;
}

/** The same, weights or not: enough to tell about a file. */
export function recipeAboutEcdc(header: EcdcHeader, given?: string): string {
  return given ?? recipesWithModel(header)[0]!.name;
}

function recipesWithModel({ model }: EcdcHeader): EcdcRecipe[] {
  const all = ecdcRecipes();
  const fitting = all.filter(({ ecdc }) => ecdc.model === model);
  if (fitting.length > 0) return fitting;
  throw new CodecError('bad-container', {
    what: 'no recipe is for the model that this .ecdc file names',
    found: `"${model}"`,
    expected: [...new Set(all.map(({ ecdc }) => ecdc.model))].join(', ') || 'none yet',
    remedy: 'Name a recipe that is with --recipe; if there should be one, update neural-codec.',
  });
}

/** The recipe that writes a `.ecdc` file when none is named: the first that can and has its weights here. */
export function defaultEcdcRecipe(): string {
  return firstWithWeights(ecdcRecipes()).name;
}

type EcdcRecipe = Recipe & { readonly ecdc: NonNullable<Recipe['ecdc']> };

function ecdcRecipes(): EcdcRecipe[] {
  return recipeNames()
    .map((name) => loadRecipe(name))
    .filter((recipe): recipe is EcdcRecipe => recipe.ecdc !== undefined);
}

function firstWithWeights(recipes: readonly EcdcRecipe[]): EcdcRecipe {
  const here = recipes.find(({ weights }) => whyAbsent(weights) === undefined);
  if (here) return here;
  throw (
    whyAbsent(recipes[0]?.weights ?? '') ??
    new CodecError('bad-recipe', {
      what: 'no recipe of the package is for .ecdc files',
      remedy: 'Name one that has ecdc.model with --recipe.',
    })
  );
}
