import { loadRecipe } from '../../src/recipe/load.ts';
import { whyAbsent } from '../../src/weights/store.ts';

/** Why a recipe cannot be tested here: its weights are to be fetched and are not. Undefined when it can. */
export function absentWeights(recipe: string): string | undefined {
  return whyAbsent(loadRecipe(recipe).weights)?.message;
}
