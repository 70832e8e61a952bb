import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { CodecError } from '../core/errors.ts';
import type { HostTensor } from '../core/tensor.ts';
import { toReferenceNames } from './names.ts';
import { MAGIC } from './packed-format.ts';
import { readSafetensors } from './safetensors.ts';
import { readTorchLegacy } from './torch-legacy.ts';
import { readTorchZip } from './torch-zip.ts';
import { unpackWeights } from './unpack.ts';

/** What a file of weights can be: told by its first bytes, not by its name. */
const FORMATS = [
  { starts: Buffer.from('PK\x03\x04', 'latin1'), read: readTorchZip },
  // A pickle of protocol 2 that begins with a long of ten bytes.
  { starts: Buffer.from([0x80, 2, 0x8a, 10]), read: readTorchLegacy },
  { starts: Buffer.from(MAGIC), read: (bytes: Uint8Array) => unpackWeights(bytes).tensors },
] as const;

/**
 * Reads a state dict from a .safetensors or .ncw file or a PyTorch checkpoint (.th, .pt, .bin), under the reference's names.
 * @throws `bad-weights`
 */
export async function readWeights(file: string): Promise<Map<string, HostTensor>> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) {
    throw new CodecError('bad-weights', {
      what: `there is no file ${file}`,
      ...(found && { found: 'a folder or device' }),
      expected: 'a .safetensors file or a PyTorch checkpoint',
      remedy: 'Check the path.',
    });
  }
  try {
    const bytes = await readFile(file);
    const format = FORMATS.find(({ starts }) => bytes.subarray(0, starts.length).equals(starts));
    return toReferenceNames(format ? format.read(bytes) : readSafetensors(bytes, file).tensors);
  } catch (cause) {
    const parts = cause instanceof CodecError ? cause.parts : { found: (cause as Error).message };
    throw new CodecError('bad-weights', { ...parts, what: `cannot read ${file}` }, { cause });
  }
}

/** SHA-256 of a file, in hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
