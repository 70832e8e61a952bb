import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { closest, distance } from 'fastest-levenshtein';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { CodecError } from '../core/errors.ts';
import { packageRoot } from '../core/package-root.ts';
import { isWeightsPath } from '../weights/store.ts';
import { isTree, merge, parseAssignments, type Tree } from './overrides.ts';
import { type FittedRecipe, fittedRecipeSchema, type Recipe, recipeSchema } from './schema.ts';

/** Folder of the recipes that come with the package. */
const recipesFolder = path.join(packageRoot, 'recipes');

/** Names of all recipes that come with the package. */
export function allRecipeNames(): string[] {
  return readdirSync(recipesFolder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();
}

/** Names of the package's recipes of codecs with trained weights. */
export function recipeNames(): string[] {
  return allRecipeNames().filter((name) => !isFittedTree(readTree(fileOf(name), [])));
}

/** Names of the package's recipes of codecs that are fitted to each signal. */
export function fittedRecipeNames(): string[] {
  return allRecipeNames().filter((name) => isFittedTree(readTree(fileOf(name), [])));
}

export function isFitted(recipe: Recipe | FittedRecipe): recipe is FittedRecipe {
  return 'representation' in recipe;
}

/**
 * Reads a recipe, lays it over the one it `extends`, then `overrides` over both, and fills in defaults.
 * @param nameOrFile a name of `allRecipeNames()` or the path of a .yaml file
 * @param overrides assignments such as `encoder.nFilters=32`
 * @throws `bad-recipe` with the path in the file of what is wrong
 */
export function loadAnyRecipe(nameOrFile: string, overrides: readonly string[] = []): Recipe | FittedRecipe {
  const file = locate(nameOrFile, process.cwd());
  const tree = merge(readTree(file, []), parseAssignments(overrides));
  const recipe = isFittedTree(tree) ? parse(fittedRecipeSchema, file, tree) : parse(recipeSchema, file, tree);
  return placeWeights(recipe, path.dirname(file));
}

/** A path of weights in a recipe file is relative to that file, wherever in the recipe it stands. */
function placeWeights<T>(part: T, folder: string): T {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
  const placed = Object.entries(part).map(([key, value]) =>
    key === 'weights' && typeof value === 'string' && isWeightsPath(value)
      ? [key, path.resolve(folder, value)]
      : [key, placeWeights(value, folder)],
  );
  return Object.fromEntries(placed) as T;
}

/** A recipe of a codec with trained weights, as `loadAnyRecipe`. Throws `bad-recipe` for one that is fitted. */
export function loadRecipe(nameOrFile: string, overrides: readonly string[] = []): Recipe {
  const recipe = loadAnyRecipe(nameOrFile, overrides);
  if (!isFitted(recipe)) return recipe;
  throw new CodecError('bad-recipe', {
    what: `${recipe.name} has no weights of its own: it is fitted to each signal`,
    expected: recipeNames().join(', '),
  });
}

/** A recipe of a codec that is fitted to each signal, as `loadAnyRecipe`. Throws `bad-recipe` for any other. */
export function loadFittedRecipe(nameOrFile: string, overrides: readonly string[] = []): FittedRecipe {
  const recipe = loadAnyRecipe(nameOrFile, overrides);
  if (isFitted(recipe)) return recipe;
  throw new CodecError('bad-recipe', {
    what: `${recipe.name} has trained weights: it is not fitted to a signal`,
    expected: fittedRecipeNames().join(', '),
  });
}

/** The package's recipe with this number, as .codec files refer to it. */
export function recipeNameOfId(id: number): string | undefined {
  return allRecipeNames().find((name) => readTree(fileOf(name), []).id === id);
}

/** The package's recipe for a medium when none is named. Throws `bad-argument` when there is none. */
export function defaultRecipe(media: string): string {
  const recipes = allRecipeNames().map((name) => loadAnyRecipe(name));
  const chosen = recipes.find((recipe) => recipe.media === media && recipe.default);
  if (chosen) return chosen.name;
  throw new CodecError('bad-argument', {
    what: `there is no recipe for ${media} input yet`,
    expected: [...new Set(recipes.map((recipe) => recipe.media))].join(', '),
    remedy: 'Name one with --recipe if the input is not what its name says.',
  });
}

function fileOf(name: string): string {
  return path.join(recipesFolder, `${name}.yaml`);
}

function isFittedTree(tree: Tree): boolean {
  return 'representation' in tree;
}

function parse<T>(schema: z.ZodType<T>, file: string, tree: Tree): T {
  const result = schema.safeParse(tree);
  if (result.success) return result.data;
  throw invalid(schema, file, result.error.issues[0]!, tree);
}

function locate(nameOrFile: string, folder: string): string {
  if (/\.ya?ml$/.test(nameOrFile)) {
    const file = path.resolve(folder, nameOrFile);
    if (existsSync(file) && statSync(file).isFile()) return file;
    throw new CodecError('bad-recipe', {
      what: `there is no recipe file ${nameOrFile}`,
      ...(existsSync(file) && { found: 'a folder' }),
      remedy: 'Check the path.',
    });
  }
  const names = allRecipeNames();
  if (names.includes(nameOrFile)) return fileOf(nameOrFile);
  const near = names.filter((name) => distance(name, nameOrFile) <= Math.max(3, nameOrFile.length / 2));
  throw new CodecError('bad-recipe', {
    what: `there is no recipe "${nameOrFile}"`,
    expected:
      near.length > 0
        ? near.sort((a, b) => distance(a, nameOrFile) - distance(b, nameOrFile)).join(', ')
        : names.join(', '),
    remedy: 'List them with: codec recipes.',
  });
}

function readTree(file: string, from: readonly string[]): Tree {
  if (from.includes(file)) {
    throw new CodecError('bad-recipe', {
      what: `recipes extend each other in a circle: ${[...from, file].join(' -> ')}`,
    });
  }
  const document = parseDocument(readFileSync(file, 'utf8'), { prettyErrors: true });
  const problem = document.errors[0];
  if (problem) {
    throw new CodecError('bad-recipe', { what: `${file} is not YAML: ${problem.message.split('\n')[0]}` });
  }
  const tree: unknown = document.toJS();
  if (!isTree(tree)) {
    throw new CodecError('bad-recipe', {
      what: `${file} is not a recipe`,
      expected: 'a YAML map of settings',
    });
  }
  const { extends: base, ...own } = tree;
  if (base === undefined) return own;
  // Number, name and standing stay with the base: a file made with this recipe is not one of the base's.
  const {
    id: _,
    default: __,
    ...inherited
  } = readTree(locate(String(base), path.dirname(file)), [...from, file]);
  return merge({ ...inherited, name: path.parse(file).name }, own);
}

function invalid(schema: unknown, file: string, issue: z.core.$ZodIssue, tree: Tree): CodecError {
  const where = `${path.basename(file)}: ${issue.path.join('.') || 'top level'}`;
  if (issue.code === 'unrecognized_keys') {
    const parent = issue.path.reduce<unknown>((node, key) => (node as Tree)?.[String(key)], tree);
    const known = knownKeys(schema, issue.path, parent);
    const key = issue.keys[0]!;
    return new CodecError('bad-recipe', {
      what: `${where}: unknown key "${key}"`,
      ...(known.length > 0 && { expected: `${closest(key, known)} or another of ${known.join(', ')}` }),
    });
  }
  const value = issue.path.reduce<unknown>(
    (node, key) => (isTree(node) || Array.isArray(node) ? (node as Tree)[String(key)] : undefined),
    tree,
  );
  return new CodecError('bad-recipe', {
    what: `${where}: ${issue.message}`,
    found: value === undefined ? 'nothing' : JSON.stringify(value),
  });
}

/** Keys the schema knows at a place: tried by asking it about a key nobody uses. */
function knownKeys(schema: unknown, at: readonly PropertyKey[], parent: unknown): string[] {
  let node = schema;
  for (const key of at) node = childSchema(node, key, parent);
  const shape = shapeOf(node, parent);
  return shape ? Object.keys(shape) : [];
}

interface SchemaNode {
  readonly _zod: {
    readonly def: { type: string; shape?: Record<string, unknown>; innerType?: unknown; options?: unknown[] };
  };
}

function unwrap(node: unknown): SchemaNode['_zod']['def'] {
  const def = (node as SchemaNode)._zod.def;
  return def.innerType ? unwrap(def.innerType) : def;
}

function shapeOf(node: unknown, value: unknown): Record<string, unknown> | undefined {
  const def = unwrap(node);
  if (def.shape) return def.shape;
  const options = def.options?.map((option) => unwrap(option).shape) ?? [];
  return options.find((shape) => isTree(value) && (shape?.type as { value?: unknown })?.value === value.type);
}

function childSchema(node: unknown, key: PropertyKey, value: unknown): unknown {
  return shapeOf(node, value)?.[String(key)] ?? node;
}
