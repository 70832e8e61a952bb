import type { HostTensor } from '../core/tensor.ts';
import { unpickle } from './pickle.ts';
import { loadTensor, notAStateDict, stateDictOf, stateDictWorld } from './torch-tensors.ts';
import { ZipArchive } from './zip.ts';

/**
 * Reads a state dict saved by torch.save since PyTorch 1.6: a ZIP archive of `NAME/data.pkl`, `NAME/data/KEY` for each
 * storage and, lately, `NAME/byteorder` (torch/serialization.py). Throws `bad-weights` for anything else.
 */
export function readTorchZip(bytes: Uint8Array): Map<string, HostTensor> {
  const zip = new ZipArchive(bytes);
  const pickle = zip.names.find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickle === undefined) throw notAStateDict('a ZIP archive without data.pkl');
  const root = pickle.slice(0, -'data.pkl'.length);
  if (zip.names.includes(`${root}byteorder`)) {
    const order = new TextDecoder().decode(zip.read(`${root}byteorder`));
    if (order !== 'little') throw notAStateDict(`numbers in ${order}-endian order`);
  }
  const tensors = stateDictOf(unpickle(zip.read(pickle), stateDictWorld).value);
  const blocks = new Map<string, Uint8Array>();
  const result = new Map<string, HostTensor>();
  for (const [name, tensor] of tensors) {
    const { key, length, type } = tensor.storage;
    const block = blocks.get(key) ?? zip.read(`${root}data/${key}`);
    blocks.set(key, block);
    if (block.length !== length * type.bytes)
      throw notAStateDict(`${block.length} bytes of data for ${name}`);
    result.set(name, loadTensor(tensor, block));
  }
  return result;
}
