import { crc32c } from '../bitstream/crc32c.ts';
import { writeFields } from '../bitstream/fields.ts';
import { writeVarint } from '../bitstream/varint.ts';
import { CodecError } from '../core/errors.ts';
import { type HostTensor, sizeOf } from '../core/tensor.ts';
import { decodeLevels } from '../entropy/level-decoder.ts';
import { MAX_LEVEL } from '../entropy/level-model.ts';
import { encodeLevels } from '../entropy/levels.ts';
import { fingerprintOf } from './fingerprint.ts';
import { fromFloat16Bits, toFloat16Bits } from './float16.ts';
import { encodePlanes } from './level-planes.ts';
import {
  bitsOfFloat,
  CODINGS,
  codedFields,
  fileFields,
  MAGIC,
  MAX_VALUES,
  nameFields,
  type PackedEntry,
  rowLengthOf,
  VERSION,
} from './packed-format.ts';
import { quantize } from './quantize.ts';
import { isCodebook, stepsOf } from './steps.ts';
import { readPacked, unpackWeights } from './unpack.ts';

export interface PackOptions {
  /** Distance of two levels in a tensor of 2^18 values, in their root mean square; see `stepsOf`. Default 0.15. */
  readonly step?: number;
  /** Squared steps of error that one bit is worth when a level is chosen. Default 0.1; 0 rounds to the nearest. */
  readonly lambda?: number;
  /** Texts to keep with the weights. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export const DEFAULT_STEP = 0.15;
export const DEFAULT_LAMBDA = 0.1;

export interface PackedTensor {
  readonly name: string;
  readonly coding: keyof typeof CODINGS;
  readonly values: number;
  readonly bytes: number;
  /** Energy of the values over that of their change, in dB; infinite where nothing changes. */
  readonly snrDb: number;
}

export interface Packed {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** As whoever unpacks the file sees them. */
  readonly fingerprint: Uint8Array;
  readonly tensors: readonly PackedTensor[];
}

type Stored = Omit<PackedEntry, 'bytes' | 'check'> & { readonly payload: Uint8Array };

interface Coded extends Omit<Stored, 'coding'> {
  readonly coding: keyof typeof CODINGS;
  /** The tensor that the payload decodes to. */
  readonly decoded: HostTensor;
}

/**
 * Packs weights with DeepCABAC (Wiedemann et al. 2019), codebooks in deflated planes: large float tensors are quantized, all
 * else is kept exactly.
 * The same tensors and options give the same bytes but for the choice of levels, which may differ between JavaScript
 * engines by their logarithms; what the bytes decode to is the same everywhere.
 * @throws `bad-argument` for options out of range, `bad-weights` for values that are not finite
 */
export function packWeights(tensors: ReadonlyMap<string, HostTensor>, options: PackOptions = {}): Packed {
  const { step = DEFAULT_STEP, lambda = DEFAULT_LAMBDA, metadata = {} } = options;
  checkRange('step', step, 1e-4, 16);
  checkRange('lambda', lambda, 0, 4);
  for (const [name, tensor] of tensors) check(name, tensor);
  const steps = stepsOf(tensors, step);
  const coded = [...tensors].map(([name, tensor]) => code(name, tensor, steps.get(name), lambda));
  const decoded = new Map(coded.map(({ name, decoded: tensor }) => [name, tensor]));
  const fingerprint = fingerprintOf(decoded);
  return {
    bytes: assemble(coded.map(stored), fingerprint, metadata),
    fingerprint,
    tensors: coded.map(({ name, coding, payload, decoded: after }) => ({
      name,
      coding,
      values: after.data.length,
      bytes: payload.length,
      snrDb: snrDb(tensors.get(name)!.data, after.data),
    })),
  };
}

/**
 * Packed weights with other tensors in place of those whose names begin with `prefix`; everything else stays to the bit. The
 * new ones are kept exactly if they are integers.
 * @throws `bad-weights`
 */
export function replaceTensors(
  file: Uint8Array,
  prefix: string,
  tensors: ReadonlyMap<string, HostTensor>,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly fingerprint: Uint8Array } {
  const { coded: before, metadata } = readPacked(file);
  const { tensors: values } = unpackWeights(file);
  const kept = before.filter(({ entry }) => !entry.name.startsWith(prefix));
  const added = [...tensors].map(([name, tensor]) => code(name, tensor, undefined, 0));
  const decoded = new Map([
    ...kept.map(({ entry: { name } }) => [name, values.get(name)!] as const),
    ...added.map(({ name, decoded: tensor }) => [name, tensor] as const),
  ]);
  const fingerprint = fingerprintOf(decoded);
  const all = [...kept.map(({ entry, payload }) => ({ ...entry, payload })), ...added.map(stored)];
  return { bytes: assemble(all, fingerprint, metadata), fingerprint };
}

/**
 * Weights that are packed already, coded as `packWeights` would; their values stay to the bit.
 * @throws `bad-weights`
 */
export function repackWeights(file: Uint8Array): Packed {
  const { coded, fingerprint, metadata } = readPacked(file);
  const tensors = coded.map(({ entry, payload }) =>
    entry.coding === CODINGS.levels && isCodebook(entry.name)
      ? { ...entry, coding: CODINGS.planes, payload: planesOf(payload, entry.shape) }
      : { ...entry, payload },
  );
  return {
    bytes: assemble(tensors, fingerprint, metadata),
    fingerprint,
    tensors: tensors.map(({ name, coding, shape, payload }) => ({
      name,
      coding: nameOf(coding),
      values: sizeOf(shape),
      bytes: payload.length,
      snrDb: Number.POSITIVE_INFINITY,
    })),
  };
}

function nameOf(coding: number): keyof typeof CODINGS {
  const names = Object.keys(CODINGS) as (keyof typeof CODINGS)[];
  return names.find((name) => CODINGS[name] === coding)!;
}

/** A codebook is close to noise, of which DeepCABAC saves little more than deflating does; and a cold start waits for it. */
function planesOf(levels: Uint8Array, shape: readonly number[]): Uint8Array {
  return encodePlanes(decodeLevels(levels, sizeOf(shape), rowLengthOf(shape)));
}

function stored({ coding, ...rest }: Coded): Stored {
  return { ...rest, coding: CODINGS[coding] };
}

function assemble(
  tensors: readonly Stored[],
  fingerprint: Uint8Array,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    Buffer.concat([header(tensors, fingerprint, metadata), ...tensors.map((t) => t.payload)]),
  );
}

function header(
  coded: readonly Stored[],
  fingerprint: Uint8Array,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const out = [...MAGIC];
  // Files without the newer coding stay readable to older versions.
  const version = coded.some(({ coding }) => coding === CODINGS.planes) ? VERSION : 1;
  const file = { version, fingerprint, metadata: JSON.stringify(metadata), tensors: coded.length };
  writeFields(fileFields, file, out);
  for (const { name, coding, shape, payload, step } of coded) {
    writeFields(nameFields, { name, rank: shape.length }, out);
    for (const dimension of shape) writeVarint(dimension, out);
    const check = crc32c(payload);
    const fields = {
      coding,
      bytes: payload.length,
      check,
      ...(step !== undefined && { step }),
    };
    writeFields(codedFields, fields, out);
  }
  const crc = crc32c(Uint8Array.from(out));
  for (let i = 0; i < 4; i++) out.push((crc >>> (8 * i)) & 255);
  return Uint8Array.from(out);
}

/** A tensor as the file will have it; quantized if there is a step for it. */
function code(name: string, tensor: HostTensor, step: number | undefined, lambda: number): Coded {
  const { shape, data } = tensor;
  const rowLength = rowLengthOf(shape);
  const whole = { name, rank: shape.length, shape, decoded: tensor };
  if (tensor.dtype === 'int32') {
    const fits = tensor.data.every((value) => Math.abs(value) <= MAX_LEVEL);
    if (!fits) return { ...whole, coding: 'int32', payload: bytesOf(tensor.data) };
    const { bytes } = encodeLevels(data.length, rowLength, (i) => data[i]!);
    return { ...whole, coding: 'integers', payload: bytes };
  }
  if (step !== undefined) {
    const { bytes, values } = quantize(tensor.data, rowLength, { step, lambda });
    const decoded = { dtype: 'float32' as const, shape, data: values };
    const quantized = { ...whole, step: bitsOfFloat(step), decoded };
    return isCodebook(name)
      ? { ...quantized, coding: 'planes', payload: planesOf(bytes, shape) }
      : { ...quantized, coding: 'levels', payload: bytes };
  }
  const halves = Uint16Array.from(tensor.data, toFloat16Bits);
  const exact = halves.every((half, i) => Object.is(fromFloat16Bits(half), tensor.data[i]));
  return exact
    ? { ...whole, coding: 'float16', payload: bytesOf(halves) }
    : { ...whole, coding: 'float32', payload: bytesOf(tensor.data) };
}

function snrDb(before: ArrayLike<number>, after: ArrayLike<number>): number {
  let [signal, noise] = [0, 0];
  for (let i = 0; i < before.length; i++) {
    signal += before[i]! ** 2;
    noise += (before[i]! - after[i]!) ** 2;
  }
  return noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function check(name: string, { dtype, data }: HostTensor): void {
  if (data.length > MAX_VALUES) throw unpackable(name, `${data.length} values`, `at most ${MAX_VALUES}`);
  if (dtype === 'float32' && !data.every(Number.isFinite)) {
    throw unpackable(name, 'a value that is not finite', 'finite values');
  }
}

function checkRange(name: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return;
  throw new CodecError('bad-argument', {
    what: `cannot pack weights with this ${name}`,
    found: String(value),
    expected: `${min} to ${max}`,
  });
}

function unpackable(name: string, found: string, expected: string): CodecError {
  return new CodecError('bad-weights', { what: `cannot pack the weights ${name}`, found, expected });
}
