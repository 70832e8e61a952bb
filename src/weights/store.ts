import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { CodecError } from '../core/errors.ts';
import type { HostTensor } from '../core/tensor.ts';
import { fingerprintOf } from './fingerprint.ts';
import { cachedFile, cacheFolder, modelsFolder } from './folders.ts';
import { toReferenceNames } from './names.ts';
import { readSafetensors } from './safetensors.ts';
import { weightsSources } from './sources.ts';
import { isPacked, unpackWeights } from './unpack.ts';

export { fingerprintOf };

export interface StoredWeights {
  /** Under the reference's state-dict names. */
  readonly tensors: Map<string, HostTensor>;
  /** 8 bytes that tell these weights from others. */
  readonly fingerprint: Uint8Array;
  readonly file: string;
  /** What the file says of itself. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Where weights are: `models/` of the package, the cache, or nowhere yet although it is known where to get them. */
export type WeightsPlace = 'shipped' | 'cached' | 'absent';

/** Extensions of files of weights. Under models/ a packed one is taken where there are both. */
const EXTENSIONS = ['.ncw', '.safetensors'] as const;

/** Whether this is the path of weights and not a name. */
export function isWeightsPath(nameOrFile: string): boolean {
  return EXTENSIONS.some((extension) => nameOrFile.endsWith(extension));
}

/** Where weights lie, or would: a path as it is, a name under models/ or else in the cache. */
export function weightsFile(nameOrFile: string): string {
  if (isWeightsPath(nameOrFile)) return path.resolve(nameOrFile);
  const shipped = EXTENSIONS.map((extension) => path.join(modelsFolder, nameOrFile + extension));
  return shipped.find((file) => existsSync(file)) ?? cachedFile(nameOrFile);
}

/** Why weights cannot be loaded, or undefined when they are here. */
export function whyAbsent(nameOrFile: string): CodecError | undefined {
  const file = weightsFile(nameOrFile);
  const here = existsSync(file);
  if (here && statSync(file).isFile()) return undefined;
  const canBeFetched = Object.hasOwn(weightsSources(), nameOrFile);
  return new CodecError('bad-weights', {
    what: `there are no weights "${nameOrFile}"`,
    found: here ? `a folder ${file}` : `no file ${file}`,
    remedy: canBeFetched
      ? `Fetch them with: codec weights pull ${nameOrFile}`
      : 'Check `weights` in the recipe (codec weights list tells what is here), or train some with: codec train.',
  });
}

/** Loads weights, packed or safetensors. Throws `bad-weights` when they are absent or unreadable. */
export function loadWeights(nameOrFile: string): StoredWeights {
  const absent = whyAbsent(nameOrFile);
  if (absent) throw absent;
  const file = weightsFile(nameOrFile);
  const bytes = readFileSync(file);
  if (isPacked(bytes)) return { ...unpackWeights(bytes, file), file };
  const { tensors: stored, metadata } = readSafetensors(bytes, file);
  const tensors = toReferenceNames(stored);
  return { tensors, fingerprint: fingerprintOf(tensors), file, metadata };
}

/** Names of all weights that are here or known, each with its place, in order. */
export function weightsNames(): { name: string; place: WeightsPlace }[] {
  const places = new Map<string, WeightsPlace>();
  for (const name of Object.keys(weightsSources())) places.set(name, 'absent');
  for (const name of namesIn(path.join(cacheFolder(), 'weights'))) places.set(name, 'cached');
  for (const name of namesIn(modelsFolder)) places.set(name, 'shipped');
  return [...places].map(([name, place]) => ({ name, place })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter(isWeightsPath)
    .map((file) => path.parse(file).name);
}
