import type { ContainerHeader } from '../bitstream/container.ts';
import { toHex } from '../bitstream/fields.ts';
import { CodecError } from '../core/errors.ts';
import { allRecipeNames, recipeNameOfId } from './load.ts';

/**
 * Name or path of the recipe a file needs.
 * @param given what the user says it is; needed where the file only knows a name
 * @throws `bad-container` that names recipe and fingerprint when there is no such recipe here
 */
export function recipeForFile(header: ContainerHeader, given?: string): string {
  if (given !== undefined) return given;
  const known = header.recipeId > 0 ? recipeNameOfId(header.recipeId) : header.recipeName;
  if (known !== undefined && allRecipeNames().includes(known)) return known;
  const named = header.recipeId > 0 ? `number ${header.recipeId}` : `"${header.recipeName}"`;
  throw new CodecError('bad-container', {
    what: 'the recipe this file was made with is not here',
    found: `recipe ${named}, weights ${toHex(header.fingerprint)}`,
    expected: allRecipeNames().join(', '),
    remedy: header.recipeId > 0 ? 'Update neural-codec.' : 'Give its .yaml file with --recipe.',
  });
}
