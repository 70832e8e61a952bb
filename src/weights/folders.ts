import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import path from 'node:path';
import envPaths from 'env-paths';
import { CodecError } from '../core/errors.ts';
import { packageRoot } from '../core/package-root.ts';

/** Folder of the weights that come with the package. */
export const modelsFolder = path.join(packageRoot, 'models');

/** Folder of what can be fetched again: `NEURAL_CODEC_CACHE`, or the platform's (on Linux ~/.cache/neural-codec). */
export function cacheFolder(): string {
  const chosen = process.env.NEURAL_CODEC_CACHE;
  return chosen ? path.resolve(chosen) : envPaths('neural-codec', { suffix: '' }).cache;
}

/** Where imported weights of a name lie, whether they are there or not. */
export function cachedFile(name: string): string {
  return path.join(cacheFolder(), 'weights', `${name}.safetensors`);
}

/** Where a download of a name gathers. */
export function partialFile(name: string): string {
  return path.join(cacheFolder(), 'downloads', `${name}.part`);
}

/** Makes a folder of the cache. Throws `bad-argument` when it cannot be written. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new CodecError(
      'bad-argument',
      {
        what: `cannot write to ${folder}`,
        found: (cause as Error).message,
        remedy: 'Set NEURAL_CODEC_CACHE to a folder that can be written.',
      },
      { cause },
    );
  }
}
