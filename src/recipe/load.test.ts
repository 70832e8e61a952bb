import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  allRecipeNames,
  defaultRecipe,
  fittedRecipeNames,
  loadAnyRecipe,
  loadRecipe,
  recipeNameOfId,
  recipeNames,
} from './load.ts';
import { merge, parseAssignments } from './overrides.ts';

describe('recipes', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'recipes-'));
  });
  const file = (name: string, text: string) => {
    const full = path.join(folder, name);
    writeFileSync(full, text);
    return full;
  };

  it('of the package are valid, named after their file, and numbered apart', () => {
    const all = allRecipeNames().map((name) => loadAnyRecipe(name));
    expect(all.map((r) => r.name)).toEqual(allRecipeNames());
    const ids = all.map((r) => r.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const recipe of all) expect(recipeNameOfId(recipe.id!)).toBe(recipe.name);
    expect([...recipeNames(), ...fittedRecipeNames()].sort()).toEqual(allRecipeNames());
    for (const name of recipeNames()) {
      const recipe = loadRecipe(name);
      expect(recipe.bitrates.kbps).toContain(recipe.bitrates.default);
    }
  });

  it('fill in defaults and take overrides', () => {
    const recipe = loadRecipe('encodec-24k', ['encoder.nFilters=32', 'bitrates.kbps=[3, 6]']);
    expect(recipe.encoder).toMatchObject({ nFilters: 32, kernelSize: 7 });
    expect(recipe.decoder).toMatchObject({ nFilters: 16 });
    expect(recipe.bitrates.kbps).toEqual([3, 6]);
  });

  it('extend each other, across files', () => {
    const base = file('base.yaml', 'extends: encodec-24k\nname: base\nencoder: { nFilters: 4 }\n');
    const over = file('over.yaml', 'extends: ./base.yaml\nname: over\nencoder: { lstmLayers: 0 }\n');
    expect(loadRecipe(base).encoder).toMatchObject({ nFilters: 4, lstmLayers: 2, ratios: [8, 5, 4, 2] });
    expect(loadRecipe(over).encoder).toMatchObject({ nFilters: 4, lstmLayers: 0 });
    expect(loadRecipe(over).name).toBe('over');
    const unnamed = file('unnamed.yaml', 'extends: encodec-24k\n');
    expect(loadRecipe(unnamed)).toMatchObject({ name: 'unnamed' });
    expect(loadRecipe(unnamed).id).toBeUndefined();
  });

  it('do not extend each other in a circle', () => {
    const a = file('a.yaml', 'extends: ./b.yaml\n');
    file('b.yaml', 'extends: ./a.yaml\n');
    expect(() => loadRecipe(a)).toThrow(/circle/);
  });

  it('unknown: the nearest names are told', () => {
    expect(() => loadRecipe('encodec-24')).toThrow(/no recipe "encodec-24": expected encodec-24k/);
    expect(() => loadRecipe('nowhere.yaml')).toThrow(/no recipe file/);
  });

  it('with an unknown key: the path and the nearest key are told', () => {
    const typo = file('typo.yaml', 'extends: encodec-24k\nencoder: { nFilter: 4 }\n');
    expect(() => loadRecipe(typo)).toThrow(/typo.yaml: encoder: unknown key "nFilter": expected nFilters/);
    expect(() => loadRecipe('encodec-24k', ['sampleRate=1'])).toThrow(/top level: unknown key "sampleRate"/);
    expect(() => loadRecipe('encodec-24k', ['training.losses.mell=1'])).toThrow(
      /training.losses: unknown key "mell": expected mel/,
    );
  });

  it('with a wrong type: the path and what was found are told', () => {
    expect(() => loadRecipe('encodec-24k', ['encoder.nFilters=many'])).toThrow(
      /encoder.nFilters: .*found "many"/,
    );
    expect(() => loadRecipe('encodec-24k', ['encoder.type=lstm'])).toThrow(/encoder/);
    expect(() => loadRecipe(file('list.yaml', '- a\n- b\n'))).toThrow(/expected a YAML map/);
    expect(() => loadRecipe(file('broken.yaml', 'a: [1\n'))).toThrow(/not YAML/);
  });

  it('whose parts do not go together: told where', () => {
    expect(() => loadRecipe('encodec-24k', ['bitrates.default=7'])).toThrow(
      /bitrates.default: must be one of/,
    );
    expect(() => loadRecipe('encodec-24k', ['training.losses.windows=[512]'])).toThrow(
      /losses.melBands: .*as many/,
    );
    expect(() => loadRecipe('encodec-24k', ['chunk.computeFrames=2'])).toThrow(/computeFrames/);
  });

  it('one of each medium is its default', () => {
    expect(defaultRecipe('audio')).toBe('mel-24k');
    expect(defaultRecipe('image')).toBe('inr-image');
    expect(() => defaultRecipe('smell')).toThrow(/no recipe for smell input yet: expected .*audio/);
    const defaults = allRecipeNames()
      .map((name) => loadAnyRecipe(name))
      .filter((recipe) => recipe.default);
    expect(new Set(defaults.map(({ media }) => media)).size).toBe(defaults.length);
  });

  it('assignments must be assignments', () => {
    expect(parseAssignments(['a.b=1', 'a.c=x=y'])).toEqual({ a: { b: 1, c: 'x=y' } });
    expect(() => parseAssignments(['nonsense'])).toThrow(/expected path=value/);
    expect(() => parseAssignments(['=1'])).toThrow(/expected path=value/);
  });

  it('a slot of another type starts empty', () => {
    expect(merge({ s: { type: 'a', x: 1 } }, { s: { type: 'b', y: 2 } })).toEqual({ s: { type: 'b', y: 2 } });
    expect(merge({ s: { type: 'a', x: 1 } }, { s: { y: 2 } })).toEqual({ s: { type: 'a', x: 1, y: 2 } });
  });
});
