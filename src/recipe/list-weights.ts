import { statSync } from 'node:fs';
import { toHex } from '../bitstream/fields.ts';
import { sizeOf } from '../core/tensor.ts';
import { weightsSources } from '../weights/sources.ts';
import { loadWeights, type WeightsPlace, weightsNames } from '../weights/store.ts';
import { fittedRecipesUsing, recipesUsing } from './check-weights.ts';

export interface ListedWeights {
  readonly name: string;
  readonly place: WeightsPlace;
  /** What they are, where `models/sources.yaml` knows. */
  readonly about?: string;
  /** Recipes that ask for them by this name. */
  readonly recipes: string[];
  /** Of the file here. */
  readonly bytes?: number;
  /** Numbers in it. */
  readonly values?: number;
  readonly fingerprint?: string;
  /** Where they came from, and the hash of the file they were read from. */
  readonly source?: string;
  readonly sha256?: string;
  /** Why they cannot be read. */
  readonly problem?: string;
  /** What fetches them. */
  readonly command?: string;
}

/** All weights that are here or known. */
export function listWeights(): ListedWeights[] {
  return weightsNames().map(({ name, place }) => {
    const about = weightsSources()[name]?.about;
    const recipes = [...recipesUsing(name), ...fittedRecipesUsing(name)];
    const known = { name, place, ...(about !== undefined && { about }), recipes };
    if (place === 'absent') return { ...known, command: `codec weights pull ${name}` };
    return { ...known, ...contentsOf(name) };
  });
}

function contentsOf(name: string): Partial<ListedWeights> {
  try {
    const { tensors, fingerprint, file, metadata } = loadWeights(name);
    const { source, sha256 } = metadata;
    return {
      bytes: statSync(file).size,
      values: [...tensors.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0),
      fingerprint: toHex(fingerprint),
      ...(source !== undefined && { source }),
      ...(sha256 !== undefined && { sha256 }),
    };
  } catch (error) {
    // One damaged file must not hide the others.
    return { problem: (error as Error).message };
  }
}
