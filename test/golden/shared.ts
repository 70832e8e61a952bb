import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/** A path in the folder of reference data that lies beside the project. */
export function shared(...parts: string[]): string {
  return path.join(root, 'shared', ...parts);
}

/** Why golden tests are skipped, or undefined when the reference data is there. */
export const sharedMissing = existsSync(shared('golden'))
  ? undefined
  : '../shared is absent: reference vectors not checked';

function raw(file: string): ArrayBuffer {
  const bytes = readFileSync(file);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

/** Raw little-endian float32. */
export const readF32 = (file: string) => new Float32Array(raw(file));

/** Raw little-endian int32. */
export const readI32 = (file: string) => new Int32Array(raw(file));

/** Largest absolute difference; infinite when lengths differ. */
export function maxAbsDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}

/** [channels, time] as the reference stores it -> [time, channels] */
export function timeMajor(values: Float32Array, channels: number): Float32Array<ArrayBuffer> {
  const time = values.length / channels;
  return Float32Array.from(
    { length: values.length },
    (_, i) => values[(i % channels) * time + Math.floor(i / channels)]!,
  );
}
