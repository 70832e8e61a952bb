import { createHash } from 'node:crypto';
import { toHex } from '../bitstream/fields.ts';
import { FittedCodec } from '../codec/fitted-codec.ts';
import { createEngine } from '../engine/catalogue.ts';
import { type RepresentationEntry, representations } from '../representations/catalogue.ts';
import { loadWeights } from '../weights/store.ts';
import type { LoadOptions } from './codec.ts';
import { loadFittedRecipe } from './load.ts';
import type { FittedRecipe } from './schema.ts';

/**
 * Loads the codec of a fitted recipe.
 * @param nameOrFile a recipe of the package, or the path of a .yaml file
 * @throws `bad-recipe`, `bad-argument`, `missing-tool`
 */
export async function loadFittedCodec(nameOrFile: string, options: LoadOptions = {}): Promise<FittedCodec> {
  const recipe = loadFittedRecipe(nameOrFile, options.set);
  const { presets, preset, lambda, quality, ...settings } = recipe.fit;
  const engine = await createEngine(options.engine, options);
  const parts = {
    name: recipe.name,
    id: recipe.id ?? 0,
    fingerprint: fingerprintOfRepresentation(recipe.representation),
    recipe: JSON.stringify(recipe),
    media: recipe.media,
    representation: representations[recipe.representation.type].create(recipe.representation as never),
    settings,
    presets,
    preset,
    lambda,
    quality,
  };
  return new FittedCodec(parts, engine);
}

/**
 * First 8 bytes of the SHA-256 over the representation's options, with the fingerprint of the weights it names, if any: how the
 * fit went does not matter to a decoder.
 */
function fingerprintOfRepresentation(representation: FittedRecipe['representation']): Uint8Array {
  const entry: RepresentationEntry = representations[representation.type];
  const options: Record<string, unknown> = { ...representation };
  if (typeof options.weights === 'string') options.weights = toHex(loadWeights(options.weights).fingerprint);
  const sorted = Object.entries(options)
    .filter(([name]) => !entry.encoderOptions?.includes(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const digest = createHash('sha256').update(JSON.stringify(sorted)).digest();
  return Uint8Array.from(digest.subarray(0, 8));
}
