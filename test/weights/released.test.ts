import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { float32, type HostTensor } from '../../src/core/tensor.ts';
import { weightsSlots, whyUnfit } from '../../src/recipe/check-weights.ts';
import { loadRecipe } from '../../src/recipe/load.ts';
import { toReferenceNames } from '../../src/weights/names.ts';
import { toHuggingFaceNames } from './naming.ts';

const shapes: Record<string, Record<string, number[]>> = JSON.parse(
  readFileSync(new URL('./fixtures/released-shapes.json', import.meta.url), 'utf8'),
);

/** Tensors of the released model's names and shapes, all zero. */
function released(model: string): Map<string, HostTensor> {
  return new Map(Object.entries(shapes[model]!).map(([name, shape]) => [name, float32(shape)]));
}

/** Each released model with a recipe that must take it, and one that must not, with the first difference. */
const MODELS = [
  {
    model: 'encodec_24khz',
    recipe: 'encodec-24khz-facebook',
    other: 'encodec-24k',
    says: /at encoder\.model\.0\.conv\.conv\.weight: found shape \[32,1,7\], expected \[16,1,7\]/,
  },
  {
    model: 'encodec_48khz',
    recipe: 'encodec-48khz-facebook',
    other: 'encodec-24khz-facebook',
    says: /at encoder\.model\.0\.conv\.conv\.weight: found shape \[32,2,7\], expected \[32,1,7\]/,
  },
];

describe.each(MODELS)('$recipe has the sizes of the released $model', ({ model, recipe, other, says }) => {
  const misfit = (name: string, tensors: ReadonlyMap<string, HostTensor>) =>
    whyUnfit(weightsSlots(loadRecipe(name))[0]!, tensors);

  it('to the last tensor, in both namings', () => {
    for (const names of [released(model), toHuggingFaceNames(released(model), { parametrized: true })]) {
      expect(misfit(recipe, toReferenceNames(names))).toBeUndefined();
    }
  });

  it('and a recipe of another width tells the difference', () => {
    expect(misfit(other, toReferenceNames(released(model)))?.message).toMatch(says);
  });

  it('a tensor that lacks, is of another shape or too many is told', () => {
    const lacking = toReferenceNames(released(model));
    lacking.delete('decoder.model.15.conv.conv.bias');
    expect(misfit(recipe, lacking)?.message).toMatch(/lack decoder\.model\.15\.conv\.conv\.bias/);
    const fewer = toReferenceNames(released(model));
    for (const name of fewer.keys()) if (name.includes('layers.15.')) fewer.delete(name);
    expect(misfit(recipe, fewer)?.message).toMatch(
      /lack quantizer\.vq\.layers\.15\._codebook\.embed.*\[1024,128\]/,
    );
    const more = toReferenceNames(released(model));
    more.set('encoder.model.16.conv.conv.bias', float32([1]));
    expect(misfit(recipe, more)?.message).toMatch(
      /found encoder\.model\.16\.conv\.conv\.bias, which it has no use/,
    );
  });
});

describe.each([
  { model: 'encodec_lm_24khz', recipe: 'encodec-24khz-facebook' },
])("the language model of $recipe has the released one's sizes", ({ model, recipe }) => {
  const slot = () => weightsSlots(loadRecipe(recipe))[1]!;

  it('to the last tensor', () => {
    expect(slot().weights).toBe(recipe.replace('encodec-', 'encodec-lm-'));
    expect(whyUnfit(slot(), toReferenceNames(released(model)))).toBeUndefined();
  });

  it('and another is told', () => {
    const narrow = loadRecipe(recipe, ['ecdc.languageModel.dimension=100', 'ecdc.languageModel.heads=4']);
    expect(whyUnfit(weightsSlots(narrow)[1]!, released(model))?.message).toMatch(
      /at emb\.0\.weight: found shape \[1025,200\], expected \[1025,100\]/,
    );
    const shallow = loadRecipe(recipe, ['ecdc.languageModel.layers=4']);
    expect(whyUnfit(weightsSlots(shallow)[1]!, released(model))?.message).toMatch(
      /found transformer\.layers\.4\..*no use/,
    );
  });
});
