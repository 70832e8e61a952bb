import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomically } from '../media/atomic-file.ts';

/**
 * Samples of a file, kept in `folder` once `decode` has given them: 16-bit, little-endian. A file changed since is decoded
 * anew.
 */
export async function cachedSamples(
  folder: string,
  file: string,
  sampleRateHz: number,
  decode: () => Promise<Int16Array<ArrayBuffer>>,
): Promise<Int16Array<ArrayBuffer>> {
  const { size, mtimeMs } = await stat(file);
  const key = JSON.stringify([path.resolve(file), size, mtimeMs, sampleRateHz]);
  const kept = path.join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.pcm`);
  const bytes = await readFile(kept).catch(() => undefined);
  if (bytes && bytes.length % 2 === 0) return new Int16Array(Uint8Array.from(bytes).buffer);
  const samples = await decode();
  await mkdir(folder, { recursive: true });
  await writeFileAtomically(kept, new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), {
    force: true,
  });
  return samples;
}
