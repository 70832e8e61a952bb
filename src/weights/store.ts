import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CodecError } from '../core/errors.ts';
import type { HostTensor } from '../core/tensor.ts';
import { readSafetensors } from './safetensors.ts';

/** Folder of the weights that come with the package. */
export const modelsFolder = fileURLToPath(new URL('../../models', import.meta.url));

export interface StoredWeights {
  /** Under the reference's state-dict names. */
  readonly tensors: Map<string, HostTensor>;
  /** 8 bytes that tell these weights from others. */
  readonly fingerprint: Uint8Array;
  readonly file: string;
}

/** Where weights lie: a .safetensors path as it is, a name under models/. */
export function weightsFile(nameOrFile: string): string {
  return nameOrFile.endsWith('.safetensors')
    ? path.resolve(nameOrFile)
    : path.join(modelsFolder, `${nameOrFile}.safetensors`);
}

/** Loads weights. Throws `bad-weights` when they are absent or unreadable. */
export function loadWeights(nameOrFile: string): StoredWeights {
  const file = weightsFile(nameOrFile);
  const here = existsSync(file);
  if (!here || !statSync(file).isFile()) {
    throw new CodecError('bad-weights', {
      what: `there are no weights "${nameOrFile}"`,
      found: here ? `a folder ${file}` : `no file ${file}`,
      remedy: 'Check `weights` in the recipe, or train some with: codec train.',
    });
  }
  const { tensors } = readSafetensors(readFileSync(file), file);
  return { tensors, fingerprint: fingerprintOf(tensors), file };
}

/** First 8 bytes of the SHA-256 over names, shapes and values: the same however the values are stored. */
export function fingerprintOf(tensors: ReadonlyMap<string, HostTensor>): Uint8Array {
  const hash = createHash('sha256');
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!;
    hash.update(`${name} [${shape}]\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return Uint8Array.from(hash.digest().subarray(0, 8));
}
