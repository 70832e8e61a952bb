import { createHash } from 'node:crypto';
import type { HostTensor } from '../core/tensor.ts';

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
