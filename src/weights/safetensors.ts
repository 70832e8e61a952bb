import { z } from 'zod';
import { CodecError } from '../core/errors.ts';
import { type HostTensor, sizeOf } from '../core/tensor.ts';
import { fromFloat16Bits, toFloat16Bits } from './float16.ts';

/** How a tensor is stored. Everything is float32 or int32 in memory. */
export type StoredType = 'F32' | 'F16' | 'I32' | 'U16';

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
const headerSchema = z
  .object({ __metadata__: z.record(z.string(), z.string()).default({}) })
  .catchall(entrySchema);
type Entry = z.output<typeof entrySchema>;

const WIDTH_BYTES: Record<string, number> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
};
const MAX_HEADER_BYTES = 100e6;

export interface SafetensorsFile {
  readonly tensors: Map<string, HostTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads a safetensors file: u64 header length, JSON header, raw little-endian data. Floats become float32, integers int32.
 * Throws `bad-weights` for anything that is not one.
 */
export function readSafetensors(bytes: Uint8Array, source = 'the weights'): SafetensorsFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = bytes.length >= 8 ? Number(view.getBigUint64(0, true)) : 0;
  if (bytes.length < 8 || headerBytes > Math.min(bytes.length - 8, MAX_HEADER_BYTES) || headerBytes < 2) {
    throw unreadable(source, `${bytes.length} bytes with a header of ${headerBytes}`);
  }
  const { __metadata__: metadata, ...entries } = parseHeader(bytes.subarray(8, 8 + headerBytes), source);
  const tensors = new Map<string, HostTensor>();
  const start = 8 + headerBytes;
  for (const [name, entry] of Object.entries(entries)) {
    const [from, to] = entry.data_offsets;
    const width = WIDTH_BYTES[entry.dtype];
    if (width === undefined) throw unreadable(source, `tensor ${name} of type ${entry.dtype}`);
    const size = sizeOf(entry.shape);
    if (to - from !== size * width || start + to > bytes.length) {
      throw unreadable(
        source,
        `tensor ${name} [${entry.shape}] at bytes ${from}-${to} of ${bytes.length - start}`,
      );
    }
    tensors.set(name, load(Uint8Array.from(bytes.subarray(start + from, start + to)), entry, size));
  }
  return { tensors, metadata };
}

function parseHeader(json: Uint8Array, source: string): z.output<typeof headerSchema> {
  try {
    return headerSchema.parse(JSON.parse(new TextDecoder().decode(json)));
  } catch (cause) {
    throw unreadable(source, 'a header that is not one', cause);
  }
}

function unreadable(source: string, found: string, cause?: unknown): CodecError {
  return new CodecError(
    'bad-weights',
    {
      what: `cannot read ${source}`,
      found,
      expected: 'a safetensors file',
      remedy: 'Fetch or export the weights again.',
    },
    { cause },
  );
}

function load(raw: Uint8Array<ArrayBuffer>, { dtype, shape }: Entry, size: number): HostTensor {
  const view = new DataView(raw.buffer);
  const floats = (read: (i: number) => number): HostTensor => ({
    dtype: 'float32',
    shape,
    data: Float32Array.from({ length: size }, (_, i) => read(i)),
  });
  const ints = (read: (i: number) => number): HostTensor => ({
    dtype: 'int32',
    shape,
    data: Int32Array.from({ length: size }, (_, i) => read(i)),
  });
  switch (dtype) {
    case 'F32':
      return { dtype: 'float32', shape, data: new Float32Array(raw.buffer) };
    case 'F16':
      return { dtype: 'float32', shape, data: widen(new Uint16Array(raw.buffer)) };
    case 'BF16':
      return {
        dtype: 'float32',
        shape,
        data: new Float32Array(Uint32Array.from(new Uint16Array(raw.buffer), (v) => v << 16).buffer),
      };
    case 'F64':
      return floats((i) => view.getFloat64(8 * i, true));
    case 'I32':
      return { dtype: 'int32', shape, data: new Int32Array(raw.buffer) };
    case 'I64':
      return ints((i) => Number(view.getBigInt64(8 * i, true)));
    case 'U16':
      return ints((i) => view.getUint16(2 * i, true));
    default:
      return ints((i) => raw[i]!);
  }
}

let halves: Float32Array | undefined;

function widen(raw: Uint16Array): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, half) => fromFloat16Bits(half));
  const values = new Float32Array(raw.length);
  for (let i = 0; i < raw.length; i++) values[i] = halves[raw[i]!]!;
  return values;
}

/**
 * Writes a safetensors file, tensors in the given order.
 * @param typeOf how to store a tensor; its own type when left out
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>> = {},
  typeOf: (name: string, tensor: HostTensor) => StoredType = (_, t) =>
    t.dtype === 'float32' ? 'F32' : 'I32',
): Uint8Array {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  const blocks: Uint8Array[] = [];
  let at = 0;
  for (const [name, tensor] of tensors) {
    const dtype = typeOf(name, tensor);
    const block = store(tensor, dtype);
    header[name] = { dtype, shape: tensor.shape, data_offsets: [at, at + block.length] };
    blocks.push(block);
    at += block.length;
  }
  const text = JSON.stringify(header);
  // Data begins at a multiple of eight.
  const json = new TextEncoder().encode(
    text.padEnd(Math.ceil(Buffer.byteLength(text) / 8) * 8 - (Buffer.byteLength(text) - text.length)),
  );
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  return Buffer.concat([length, json, ...blocks]);
}

function store({ data }: HostTensor, dtype: StoredType): Uint8Array {
  if (dtype === 'F16') return bytesOf(Uint16Array.from(data, toFloat16Bits));
  if (dtype === 'U16') return bytesOf(Uint16Array.from(data));
  return bytesOf(dtype === 'F32' ? Float32Array.from(data) : Int32Array.from(data));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
