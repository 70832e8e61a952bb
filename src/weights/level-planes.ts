import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

// Level 0, -1, 1, -2 ... is number 0, 1, 2, 3 ...; the lowest bytes of all numbers come first, then the next ones where any
// number needs them. All of it deflated, which is decoded by native code.

const MAX_PLANES = 4;

/** Levels (magnitudes below 2^30) as deflated planes of bytes. */
export function encodePlanes(levels: Int32Array): Uint8Array {
  const numbers = Uint32Array.from(levels, (level) => (level < 0 ? -2 * level - 1 : 2 * level));
  const largest = numbers.reduce((max, number) => Math.max(max, number), 0);
  const planes = Math.max(1, Math.ceil((32 - Math.clz32(largest)) / 8));
  const bytes = new Uint8Array(planes * numbers.length);
  for (let plane = 0; plane < planes; plane++) {
    const from = plane * numbers.length;
    for (let i = 0; i < numbers.length; i++) bytes[from + i] = numbers[i]! >>> (8 * plane);
  }
  // Noise repeats nothing but zeros, in the upper planes.
  return deflateRawSync(bytes, { level: 9, memLevel: 9, strategy: constants.Z_RLE });
}

/** Gives `count` levels back, times `unit`. Throws for bytes that are not so many. */
export function decodePlanes(payload: Uint8Array, count: number, unit: number): Float32Array<ArrayBuffer> {
  const bytes = inflateRawSync(payload, { maxOutputLength: MAX_PLANES * count });
  const planes = bytes.length / count;
  if (!(Number.isInteger(planes) && planes >= 1))
    throw new RangeError(`${bytes.length} bytes for ${count} levels`);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let number = bytes[i]!;
    for (let plane = 1; plane < planes; plane++) number |= bytes[plane * count + i]! << (8 * plane);
    values[i] = (number & 1 ? -(number >>> 1) - 1 : number >>> 1) * unit;
  }
  return values;
}
