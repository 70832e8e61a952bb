/**
 * Packed weights: a header, then the coded values of each tensor, one after the other and nothing after them.
 * Integers are little-endian, `varint` is unsigned LEB128. The field tables below are what is written and read.
 *
 *     header   magic 8E 4E 57 | version u8 | fingerprint 8 bytes | metadata | tensors varint
 *              | per tensor: name, rank, rank * dimension varint, coding, [step], bytes, check
 *              | CRC-32C of the header so far, u32
 *
 * A value is what `coding` says; with `levels` and `planes`, level * step in float32: the product of an integer and a float32, rounded
 * once, is the same on every machine.
 */

import type { Field, FieldValues } from '../bitstream/fields.ts';
import { sizeOf } from '../core/tensor.ts';

/** Next to the magic of .codec files. */
export const MAGIC: Uint8Array = Uint8Array.of(0x8e, 0x4e, 0x57);
/** Version 2 may have `planes`, 1 has none. */
export const VERSION = 2;
/** Values in one tensor, at most. */
export const MAX_VALUES = 2 ** 28;

/** How the values of a tensor are stored. Never reuse a number. */
export const CODINGS = {
  /** float32, as they are. */
  float32: 0,
  /** float32 that are all float16, as float16. */
  float16: 1,
  /** int32, as they are. */
  int32: 2,
  /** float32 that are integers times `step`, as DeepCABAC levels. */
  levels: 3,
  /** int32, as DeepCABAC levels: lossless. */
  integers: 4,
  /** float32 that are integers times `step`, in deflated planes of bytes: a little larger, and decoded ten times as fast. */
  planes: 7,
} as const;

export const fileFields = [
  { name: 'version', type: 'u8', min: 1, max: VERSION, doc: 'of this format' },
  {
    name: 'fingerprint',
    type: 'bytes',
    size: 8,
    doc: 'first bytes of the SHA-256 over names, shapes and values',
  },
  { name: 'metadata', type: 'utf8', maxBytes: 100_000, doc: 'texts about the weights, a JSON object' },
  { name: 'tensors', type: 'varint', max: 100_000, doc: 'tensors in the file' },
] as const satisfies readonly Field[];

export const nameFields = [
  { name: 'name', type: 'utf8', maxBytes: 500, doc: "name in the reference's state dict" },
  { name: 'rank', type: 'u8', max: 8, doc: 'dimensions, which follow' },
] as const satisfies readonly Field[];

export const codedFields = [
  { name: 'coding', type: 'u8', max: CODINGS.planes, doc: 'how the values are stored' },
  {
    name: 'step',
    type: 'u32',
    // Of `levels` and `planes`: both lower bits are set.
    when: { field: 'coding', mask: 3, equals: 3 },
    doc: 'distance of two levels, a float32',
  },
  { name: 'bytes', type: 'varint', max: 2 ** 31, doc: 'coded values' },
  { name: 'check', type: 'u32', doc: 'CRC-32C of the coded values' },
] as const satisfies readonly Field[];

/** One tensor as the header has it. */
export type PackedEntry = FieldValues<typeof nameFields> &
  FieldValues<typeof codedFields> & { readonly shape: readonly number[] };

const view = new DataView(new ArrayBuffer(4));

export function bitsOfFloat(value: number): number {
  view.setFloat32(0, value);
  return view.getUint32(0);
}

export function floatOfBits(bits: number): number {
  view.setUint32(0, bits);
  return view.getFloat32(0);
}

/** Values in a row for the level coder: all dimensions but the first. */
export function rowLengthOf(shape: readonly number[]): number {
  return sizeOf(shape) > 0 ? sizeOf(shape.slice(1)) : 1;
}
