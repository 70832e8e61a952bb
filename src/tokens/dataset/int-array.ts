/** Arrays of integers as they are kept on disk. */
export const intTypes = {
  uint8: { array: Uint8Array, bits: 8, npy: '|u1' },
  uint16: { array: Uint16Array, bits: 16, npy: '<u2' },
  int32: { array: Int32Array, bits: 32, npy: '<i4' },
} as const;

export type IntTypeName = keyof typeof intTypes;

/** The smallest type that holds all ids below `end`, which is at most 2^31. */
export function smallestInt(end: number): IntTypeName {
  if (end <= 2 ** 8) return 'uint8';
  return end <= 2 ** 16 ? 'uint16' : 'int32';
}
