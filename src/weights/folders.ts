import path from 'node:path';
import envPaths from 'env-paths';
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
