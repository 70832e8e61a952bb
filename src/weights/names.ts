import type { HostTensor } from '../core/tensor.ts';

type Tensors = ReadonlyMap<string, HostTensor>;

/** Averages of the codebooks' training, which no codec needs; the reference and Hugging Face store them beside `embed`. */
const TRAINING_ONLY = /^quantizer\.vq\.layers\.\d+\._codebook\.(inited|cluster_size|embed_avg)$/;

/** torch.nn.utils.parametrizations.weight_norm keeps gain and direction under these names. */
const PARAMETRIZATIONS = {
  'parametrizations.weight.original0': 'weight_g',
  'parametrizations.weight.original1': 'weight_v',
} as const;

/**
 * An EnCodec state dict under the names of facebookresearch/encodec (`encoder.model.0.conv.conv.weight_g`), whichever of
 * the two namings it comes in: that one, or that of Hugging Face's EncodecModel (`encoder.layers.0.conv.weight_g`, gains
 * also as `…parametrizations.weight.original0`), as transformers' convert_encodec_checkpoint_to_pytorch.py and
 * modeling_encodec.py lay it down. Averages of the training are left out; all else keeps its name.
 */
export function toReferenceNames(tensors: Tensors): Map<string, HostTensor> {
  const transposed = transposedLayers(tensors.keys());
  const renamed = new Map<string, HostTensor>();
  for (const [name, tensor] of tensors) {
    const reference = referenceName(name, transposed);
    if (!TRAINING_ONLY.test(reference)) renamed.set(reference, tensor);
  }
  return renamed;
}

const HF_LAYER = /^(encoder|decoder)\.layers\.(\d+)\.(.+)$/;
/** A convolution of its own, in a residual block or beside one, or the norm after it. */
const HF_CONV = /^(block\.\d+\.|shortcut\.)?(conv|norm)\.(.+)$/;
const HF_CODEBOOK = /^quantizer\.layers\.(\d+)\.codebook\.(.+)$/;

function referenceName(name: string, transposed: ReadonlySet<number>): string {
  const plain = Object.entries(PARAMETRIZATIONS).reduce(
    (text, [long, short]) => (text.endsWith(long) ? text.slice(0, -long.length) + short : text),
    name,
  );
  const codebook = HF_CODEBOOK.exec(plain);
  if (codebook) return `quantizer.vq.layers.${codebook[1]}._codebook.${codebook[2]}`;
  const layer = HF_LAYER.exec(plain);
  if (!layer) return plain;
  const [, side, index, rest] = layer;
  const conv = HF_CONV.exec(rest!);
  if (!conv) return `${side}.model.${index}.${rest}`;
  const [, within = '', part, leaf] = conv;
  const wrapper = side === 'decoder' && within === '' && transposed.has(Number(index)) ? 'convtr' : 'conv';
  return `${side}.model.${index}.${within}${wrapper}.${part === 'conv' ? wrapper : part}.${leaf}`;
}

/**
 * Numbers of the decoder's layers that are transposed convolutions. Hugging Face calls those `conv` too, but of the
 * decoder's convolutions outside residual blocks only the first and the last are not transposed.
 */
function transposedLayers(names: Iterable<string>): Set<number> {
  const convs = new Set<number>();
  for (const name of names) {
    const [, index] = /^decoder\.layers\.(\d+)\.conv\./.exec(name) ?? [];
    if (index !== undefined) convs.add(Number(index));
  }
  convs.delete(Math.min(...convs));
  convs.delete(Math.max(...convs));
  return convs;
}
