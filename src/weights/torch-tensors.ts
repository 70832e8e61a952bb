import { CodecError } from '../core/errors.ts';
import { float32, type HostTensor, int32, sizeOf } from '../core/tensor.ts';
import { fromFloat16Bits } from './float16.ts';
import type { PickleWorld } from './pickle.ts';

/** How the numbers of a storage lie in the file, little-endian. */
interface StorageType {
  readonly dtype: HostTensor['dtype'];
  readonly bytes: number;
  readonly read: (view: DataView, byteOffset: number) => number;
}

const fromBits = new DataView(new ArrayBuffer(4));

function bfloat16(bits: number): number {
  fromBits.setUint16(2, bits, true);
  return fromBits.getFloat32(0, true);
}

const STORAGE_TYPES = {
  FloatStorage: { dtype: 'float32', bytes: 4, read: (v, at) => v.getFloat32(at, true) },
  HalfStorage: { dtype: 'float32', bytes: 2, read: (v, at) => fromFloat16Bits(v.getUint16(at, true)) },
  BFloat16Storage: { dtype: 'float32', bytes: 2, read: (v, at) => bfloat16(v.getUint16(at, true)) },
  LongStorage: { dtype: 'int32', bytes: 8, read: (v, at) => Number(v.getBigInt64(at, true)) },
} as const satisfies Record<string, StorageType>;

/** A block of numbers that tensors are windows of. */
export interface StorageRef {
  readonly key: string;
  readonly type: StorageType;
  readonly length: number;
}

/** A tensor as the pickle describes it; its numbers lie elsewhere in the file. */
class TensorRef {
  readonly storage: StorageRef;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  constructor(storage: unknown, offset: unknown, shape: unknown, strides: unknown) {
    if (!isStorage(storage) || !isCount(offset) || !areCounts(shape) || !areCounts(strides)) {
      throw notAStateDict('a tensor without storage, shape or strides');
    }
    const last = shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, offset);
    const size = sizeOf(shape);
    if (strides.length !== shape.length || size > storage.length || (size > 0 && last >= storage.length)) {
      throw notAStateDict(`a tensor [${shape}] that reaches beyond its storage of ${storage.length} numbers`);
    }
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** All that a pickled state dict refers to. */
export const stateDictWorld: PickleWorld = {
  globals: new Map<string, unknown>([
    ['collections OrderedDict', () => new Map()],
    [
      'torch._utils _rebuild_tensor_v2',
      (storage: unknown, offset: unknown, shape: unknown, strides: unknown) =>
        new TensorRef(storage, offset, shape, strides),
    ],
    ...Object.entries(STORAGE_TYPES).map(([name, type]) => [`torch ${name}`, type] as const),
  ]),
  persistent(id) {
    const [kind, type, key, , length] = Array.isArray(id) ? id : [];
    const storage = { type, key, length };
    if (kind !== 'storage' || !isStorage(storage)) throw notAStateDict('a reference that is no storage');
    return storage;
  },
};

/** The tensors of an unpickled object, in order. Throws `bad-weights` unless it is a dict of names and tensors. */
export function stateDictOf(value: unknown): Map<string, TensorRef> {
  if (!(value instanceof Map)) throw notAStateDict('an object that is no dict');
  for (const [name, tensor] of value) {
    if (typeof name !== 'string' || !(tensor instanceof TensorRef)) {
      throw notAStateDict(`${String(name)}, which is no tensor`);
    }
  }
  return value as Map<string, TensorRef>;
}

/** Reads a tensor from its storage's bytes. Integers become int32; those that do not fit throw `bad-weights`. */
export function loadTensor({ storage, offset, shape, strides }: TensorRef, bytes: Uint8Array): HostTensor {
  const { dtype, bytes: width, read } = storage.type;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tensor = dtype === 'float32' ? float32(shape) : int32(shape);
  const index = shape.map(() => 0);
  let at = offset;
  for (let i = 0; i < tensor.data.length; i++) {
    const value = read(view, at * width);
    tensor.data[i] = value;
    if (dtype === 'int32' && tensor.data[i] !== value) throw notAStateDict(`the integer ${value}`);
    // On to the next number, last axis fastest.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      at -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return tensor;
}

function isStorage(value: unknown): value is StorageRef {
  const { type, key, length } = (value ?? {}) as Partial<StorageRef>;
  const known = Object.values<unknown>(STORAGE_TYPES).includes(type);
  // The key becomes part of a file name within the archive.
  return known && typeof key === 'string' && /^\w+$/.test(key) && isCount(length);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function areCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}

export function notAStateDict(found: string): CodecError {
  return new CodecError('bad-weights', {
    what: 'cannot read the checkpoint',
    found,
    expected: `a dict of tensors, of type ${Object.keys(STORAGE_TYPES).join(', ')}`,
    remedy: 'Save the plain state dict (torch.save(model.state_dict(), …)), or use a .safetensors file.',
  });
}
