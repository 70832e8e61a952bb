import { CodecError } from '../../core/errors.ts';
import { type IntTypeName, intTypes } from './int-array.ts';

/** An array of numpy's, rows first. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly values: Int32Array;
}

const MAGIC = Buffer.from('\x93NUMPY\x01\x00', 'latin1');
const ALIGN = 64;

/** Numpy's file of an array, version 1.0 (numpy.lib.format), little-endian. */
export function encodeNpy(shape: readonly number[], values: ArrayLike<number>, type: IntTypeName): Buffer {
  const { array, npy } = intTypes[type];
  const dims = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${npy}', 'fortran_order': False, 'shape': (${dims}), }`;
  // The data begin at a multiple of 64 bytes; the header's last byte is a line feed.
  const unpadded = MAGIC.length + 2 + text.length + 1;
  const header = `${text}${' '.repeat((ALIGN - (unpadded % ALIGN)) % ALIGN)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  const data = array.from(values);
  return Buffer.concat([
    MAGIC,
    length,
    Buffer.from(header, 'latin1'),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  ]);
}

/** Reads what `encodeNpy` writes. Throws `bad-tokens` for anything else. */
export function decodeNpy(bytes: Uint8Array, name: string): NpyArray {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (found: string) =>
    new CodecError('bad-tokens', {
      what: `cannot read ${name}`,
      found,
      expected: 'an .npy file of integers',
    });
  if (buffer.length < 10 || !buffer.subarray(0, 8).equals(MAGIC)) throw fail('other bytes at its start');
  const start = 10 + buffer.readUInt16LE(8);
  const header = buffer.toString('latin1', 10, start);
  const descr = /'descr': '([^']*)'/.exec(header)?.[1];
  const type = Object.values(intTypes).find(({ npy }) => npy === descr);
  const dims = /'shape': \(([^)]*)\)/.exec(header)?.[1];
  if (!type || dims === undefined || !header.includes("'fortran_order': False")) throw fail(header.trim());
  const shape = dims
    .split(',')
    .filter((dim) => dim.trim())
    .map(Number);
  const count = shape.reduce((product, dim) => product * dim, 1);
  const size = type.array.BYTES_PER_ELEMENT;
  if (buffer.length !== start + count * size)
    throw fail(`${buffer.length} bytes for shape ${shape.join(' x ')}`);
  // A copy, because the data may lie at any byte.
  const data = buffer.buffer.slice(
    buffer.byteOffset + start,
    buffer.byteOffset + start + count * size,
  ) as ArrayBuffer;
  return { shape, values: Int32Array.from(new type.array(data)) };
}
