import type { HostTensor } from '../core/tensor.ts';
import { unpickle } from './pickle.ts';
import { loadTensor, notAStateDict, type StorageRef, stateDictOf, stateDictWorld } from './torch-tensors.ts';

/** Numbers by which the first two pickles tell the format (torch/serialization.py, MAGIC_NUMBER and PROTOCOL_VERSION). */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/**
 * Reads a state dict saved by torch.save before PyTorch 1.6: pickles of a magic number, a protocol, the machine, the
 * object and the list of its storages, then each storage as an int64 length and its numbers. The format has no checksum.
 * Throws `bad-weights` for anything else.
 */
export function readTorchLegacy(bytes: Uint8Array): Map<string, HostTensor> {
  let at = 0;
  const next = () => {
    const { value, end } = unpickle(bytes, stateDictWorld, at);
    at = end;
    return value;
  };
  if (next() !== MAGIC || next() !== PROTOCOL) throw notAStateDict('a pickle that torch.save did not write');
  const machine = next();
  if (!(machine instanceof Map) || machine.get('little_endian') !== true) {
    throw notAStateDict('numbers that are not in little-endian order');
  }
  const tensors = stateDictOf(next());
  const storages = new Map<string, StorageRef>();
  for (const { storage } of tensors.values()) storages.set(storage.key, storage);
  const keys = next();
  if (!Array.isArray(keys)) throw notAStateDict('no list of storages');
  const blocks = new Map<string, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys) {
    const storage = storages.get(key);
    if (!storage) throw notAStateDict('a storage that no tensor uses');
    const size = storage.length * storage.type.bytes;
    if (at + 8 + size > bytes.length) throw notAStateDict(`only ${bytes.length} bytes`);
    const length = Number(view.getBigInt64(at, true));
    if (length !== storage.length)
      throw notAStateDict(`a storage of ${length} numbers instead of ${storage.length}`);
    at += 8;
    blocks.set(key, bytes.subarray(at, at + size));
    at += size;
  }
  const result = new Map<string, HostTensor>();
  for (const [name, tensor] of tensors) {
    const block = blocks.get(tensor.storage.key);
    if (!block) throw notAStateDict(`no data for ${name}`);
    result.set(name, loadTensor(tensor, block));
  }
  return result;
}
