import type { HostTensor } from '../../src/core/tensor.ts';

/** The reference's names, in Hugging Face's scheme: written down here once more, from the other side. */
export function toHuggingFaceNames(
  tensors: ReadonlyMap<string, HostTensor>,
  { parametrized = false } = {},
): Map<string, HostTensor> {
  const renamed = new Map<string, HostTensor>();
  for (const [name, tensor] of tensors) {
    let hf = name
      .replace('quantizer.vq.layers.', 'quantizer.layers.')
      .replace('._codebook.', '.codebook.')
      .replace(/^(encoder|decoder)\.model\./, '$1.layers.')
      .replace(/\.(conv|convtr)\.\1\./, '.conv.')
      .replace(/\.(conv|convtr)\.norm\./, '.norm.');
    if (parametrized) {
      hf = hf
        .replace(/weight_g$/, 'parametrizations.weight.original0')
        .replace(/weight_v$/, 'parametrizations.weight.original1');
    }
    renamed.set(hf, tensor);
  }
  return renamed;
}
