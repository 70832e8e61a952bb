import { z } from 'zod';
import { ByteCursor } from '../bitstream/byte-cursor.ts';
import { crc32c } from '../bitstream/crc32c.ts';
import { readFields } from '../bitstream/fields.ts';
import { CodecError } from '../core/errors.ts';
import { type HostTensor, lazyTensor, sizeOf } from '../core/tensor.ts';
import { decodeLevels } from '../entropy/level-decoder.ts';
import { fromFloat16Bits } from './float16.ts';
import { decodePlanes } from './level-planes.ts';
import {
  CODINGS,
  codedFields,
  fileFields,
  floatOfBits,
  MAGIC,
  MAX_VALUES,
  nameFields,
  type PackedEntry,
  rowLengthOf,
  VERSION,
} from './packed-format.ts';

/** A tensor as the file has it. */
export interface CodedTensor {
  readonly entry: PackedEntry;
  readonly payload: Uint8Array;
}

export interface UnpackedWeights {
  /** Values are decoded when first asked for. */
  readonly tensors: Map<string, HostTensor>;
  readonly metadata: Readonly<Record<string, string>>;
  /** As the file has it: of the values that the tensors decode to. */
  readonly fingerprint: Uint8Array;
}

/** Whether these bytes begin a file of packed weights. */
export function isPacked(bytes: Uint8Array): boolean {
  return bytes.length > MAGIC.length && MAGIC.every((byte, i) => bytes[i] === byte);
}

/**
 * Reads packed weights. The check sums of all tensors are compared at once; a tensor's values are decoded when its `data` is
 * first read, so that a command does not wait for the parts of a model it does not use.
 * @param source what messages call the weights
 * @throws `bad-weights` for anything that is not such a file; also from `data`, for a file that was made to deceive
 */
export function unpackWeights(file: Uint8Array, source = 'the weights'): UnpackedWeights {
  const { coded, metadata, fingerprint } = readPacked(file, source);
  const tensors = new Map<string, HostTensor>();
  for (const { entry, payload } of coded) {
    tensors.set(
      entry.name,
      lazyTensor(dtypeOf(entry), entry.shape, () => decode(entry, payload, source)),
    );
  }
  return { tensors, metadata, fingerprint };
}

/** A file of packed weights with its values still coded, each once and with the right check sum. Throws as `unpackWeights`. */
export function readPacked(
  file: Uint8Array,
  source = 'the weights',
): Omit<UnpackedWeights, 'tensors'> & { readonly coded: readonly CodedTensor[] } {
  // A Buffer's slices would share its memory.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.length);
  if (!isPacked(bytes)) {
    throw unreadable(source, 'another kind of file', 'packed weights', 'Make some with: codec weights pack.');
  }
  const version = bytes[MAGIC.length]!;
  if (version > VERSION) {
    throw unreadable(source, `version ${version}`, `at most ${VERSION}`, 'Update neural-codec.');
  }
  const cursor = new ByteCursor(bytes, MAGIC.length);
  const { fingerprint, metadata, tensors: count } = readFields(fileFields, cursor);
  const headers: PackedEntry[] = [];
  for (let i = 0; i < count && !cursor.failure; i++) headers.push(readEntry(cursor));
  const headerBytes = cursor.offset;
  const check = cursor.uint(4);
  if (cursor.failure)
    throw damaged(source, cursor.failure === 'short' ? 'its end inside the header' : cursor.failure);
  if (crc32c(bytes.subarray(0, headerBytes)) !== check)
    throw damaged(source, 'another check sum of the header');

  const names = new Set<string>();
  const coded: CodedTensor[] = [];
  let at = cursor.offset;
  for (const entry of headers) {
    const payload = bytes.subarray(at, at + entry.bytes);
    at += entry.bytes;
    if (payload.length < entry.bytes) throw damaged(source, `its end inside ${entry.name}`);
    if (crc32c(payload) !== entry.check) throw damaged(source, `another check sum of ${entry.name}`);
    if (names.has(entry.name)) throw damaged(source, `${entry.name} twice`);
    names.add(entry.name);
    checkSize(entry, source);
    coded.push({ entry, payload });
  }
  if (at !== bytes.length) throw damaged(source, `${bytes.length - at} bytes after its end`);
  return { coded, metadata: parseMetadata(metadata, source), fingerprint };
}

function readEntry(cursor: ByteCursor): PackedEntry {
  const named = readFields(nameFields, cursor);
  const shape = Array.from({ length: named.rank }, () => cursor.varint());
  return { ...named, ...readFields(codedFields, cursor), shape };
}

function parseMetadata(json: string, source: string): Record<string, string> {
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(json));
  } catch {
    throw damaged(source, 'metadata that is no object of texts');
  }
}

/** Bytes of a value; level coders have their own measure. */
const WIDTHS: Record<number, number> = { [CODINGS.float32]: 4, [CODINGS.float16]: 2, [CODINGS.int32]: 4 };
/** Levels that a byte can hold, at most: some 2500 zeros in a row. */
const MAX_LEVELS_PER_BYTE = 4096;

/** Nothing is allocated for sizes that the bytes of a tensor cannot fill. */
function checkSize({ name, shape, coding, bytes, step }: PackedEntry, source: string): void {
  const size = sizeOf(shape);
  const width = WIDTHS[coding];
  const fits = width === undefined ? size <= MAX_LEVELS_PER_BYTE * (bytes + 1) : size * width === bytes;
  if (!(size <= MAX_VALUES && fits)) throw damaged(source, `${bytes} bytes for ${name} [${shape}]`);
  if (step !== undefined && !(floatOfBits(step) > 0 && floatOfBits(step) < Number.POSITIVE_INFINITY)) {
    throw damaged(source, `a step of ${floatOfBits(step)} for ${name}`);
  }
}

function dtypeOf({ coding }: PackedEntry): HostTensor['dtype'] {
  return coding === CODINGS.int32 || coding === CODINGS.integers ? 'int32' : 'float32';
}

function decode({ name, shape, coding, step }: PackedEntry, payload: Uint8Array, source: string) {
  // A copy begins at an address that typed arrays accept.
  if (coding === CODINGS.float32) return new Float32Array(payload.slice().buffer);
  if (coding === CODINGS.int32) return new Int32Array(payload.slice().buffer);
  if (coding === CODINGS.float16)
    return Float32Array.from(new Uint16Array(payload.slice().buffer), fromFloat16Bits);
  const unit = floatOfBits(step ?? 0);
  let levels: Int32Array;
  try {
    if (coding === CODINGS.planes) return decodePlanes(payload, sizeOf(shape), unit);
    levels = decodeLevels(payload, sizeOf(shape), rowLengthOf(shape));
  } catch (cause) {
    throw damaged(source, `codes of ${name} that are none`, cause);
  }
  if (coding === CODINGS.integers) return levels;
  const values = new Float32Array(levels.length);
  for (let i = 0; i < values.length; i++) values[i] = levels[i]! * unit;
  return values;
}

function damaged(source: string, found: string, cause?: unknown): CodecError {
  const remedy = 'Get the file again from its source, or pack the weights again.';
  return new CodecError('bad-weights', { what: `${source} is damaged`, found, remedy }, { cause });
}

function unreadable(source: string, found: string, expected: string, remedy: string): CodecError {
  return new CodecError('bad-weights', { what: `cannot read ${source}`, found, expected, remedy });
}
