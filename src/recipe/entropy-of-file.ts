import { EntropyCoders } from '../entropy/catalogue.ts';
import { readEntropyModel } from '../entropy/model-tables.ts';
import { loadWeights, whyAbsent } from '../weights/store.ts';
import type { Recipe } from './schema.ts';

/** The entropy coders of a recipe's weights, or undefined unless these are here and are those with this fingerprint. */
export function entropyOfFile(
  recipe: Recipe,
  codebookSize: number,
  fingerprint: Uint8Array,
): EntropyCoders | undefined {
  if (whyAbsent(recipe.weights)) return undefined;
  const weights = loadWeights(recipe.weights);
  if (!weights.fingerprint.every((byte, i) => byte === fingerprint[i])) return undefined;
  return new EntropyCoders(readEntropyModel(weights.tensors, codebookSize));
}
