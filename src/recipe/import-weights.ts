import path from 'node:path';
import { CodecError } from '../core/errors.ts';
import type { HostTensor } from '../core/tensor.ts';
import { createAtomicFile } from '../media/atomic-file.ts';
import { cachedFile, makeFolder } from '../weights/folders.ts';
import { readWeights, sha256Of } from '../weights/read-weights.ts';
import { writeSafetensors } from '../weights/safetensors.ts';
import { fingerprintOf, weightsNames } from '../weights/store.ts';
import { recipesThatFit, recipesUsing, slotFor, weightsSlots, whyUnfit } from './check-weights.ts';
import { loadRecipe, recipeNames } from './load.ts';

export interface ImportOptions {
  /** Name in the cache; the file's name without its extension if left out. */
  readonly name?: string;
  /** A recipe the weights must fit: a name, or the path of a .yaml file. */
  readonly recipe?: string;
  /** Replace weights of that name. Default false. */
  readonly force?: boolean;
  /** Where the file comes from; its path if left out. */
  readonly source?: string;
}

export interface ImportedWeights {
  readonly name: string;
  /** Where they lie now. */
  readonly file: string;
  readonly bytes: number;
  readonly values: number;
  readonly fingerprint: Uint8Array;
  /** Of the file they were read from. */
  readonly sha256: string;
  /** Recipes they fit, as named on import where one was. */
  readonly recipes: string[];
}

/**
 * Reads a state dict (.safetensors or a PyTorch checkpoint, under the reference's or Hugging Face's names), checks that
 * a recipe can use it, and stores it in the cache.
 * @throws `bad-weights`, `bad-argument`, `output-exists`, `bad-recipe`
 */
export async function importWeights(file: string, options: ImportOptions = {}): Promise<ImportedWeights> {
  const name = options.name ?? path.parse(file).name.toLowerCase();
  assertFree(name, options.force ?? false);
  const tensors = await readWeights(file);
  const recipes = recipesFor(tensors, name, options.recipe);
  const sha256 = await sha256Of(file);
  const bytes = writeSafetensors(tensors, { source: options.source ?? path.resolve(file), sha256 }, typeOf);
  const target = cachedFile(name);
  await makeFolder(path.dirname(target));
  const output = await createAtomicFile(target, { force: options.force ?? false });
  try {
    await output.write(bytes);
    await output.commit();
  } finally {
    await output.abort();
  }
  const values = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  return {
    name,
    file: target,
    bytes: bytes.length,
    values,
    fingerprint: fingerprintOf(tensors),
    sha256,
    recipes,
  };
}

function typeOf(_: string, { dtype }: HostTensor) {
  return dtype === 'float32' ? 'F32' : 'I32';
}

function assertFree(name: string, force: boolean): void {
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name)) {
    throw new CodecError('bad-argument', {
      what: 'weights cannot have this name',
      found: `"${name}"`,
      expected: 'lower-case letters, digits, dots, dashes and underscores',
      remedy: 'Give another with --as.',
    });
  }
  const { place } = weightsNames().find((known) => known.name === name) ?? {};
  if (place === 'shipped' || (place === 'cached' && !force)) {
    throw new CodecError('output-exists', {
      what: `there are weights "${name}" already`,
      found: place === 'shipped' ? 'those of the package' : cachedFile(name),
      remedy:
        place === 'shipped' ? 'Give another name with --as.' : 'Add --force or give another name with --as.',
    });
  }
}

/** Names of the recipes that can use the tensors. Throws `bad-weights` when those that must cannot. */
function recipesFor(tensors: ReadonlyMap<string, HostTensor>, name: string, chosen?: string): string[] {
  const must = chosen === undefined ? recipesUsing(name) : [chosen];
  for (const each of must) slotFor(loadRecipe(each), name).assertFit(tensors);
  if (must.length > 0) return must;
  const fitting = recipesThatFit(tensors);
  if (fitting.length > 0) return fitting;
  const example = loadRecipe(recipeNames()[0]!);
  throw new CodecError('bad-weights', {
    what: 'the weights fit no recipe of the package',
    found: `for ${example.name}, ${whyUnfit(weightsSlots(example)[0]!, tensors)?.message.split('. ')[0]}`,
    remedy: 'Name the recipe they are for: --recipe FILE.yaml.',
  });
}
