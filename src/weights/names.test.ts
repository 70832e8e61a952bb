import { describe, expect, it } from 'vitest';
import { float32 } from '../core/tensor.ts';
import { toReferenceNames } from './names.ts';

/** Names of both schemes, as facebookresearch/encodec and transformers' conversion script spell them. */
const PAIRS = [
  ['encoder.layers.0.conv.weight_g', 'encoder.model.0.conv.conv.weight_g'],
  ['encoder.layers.0.norm.bias', 'encoder.model.0.conv.norm.bias'],
  ['encoder.layers.1.block.3.conv.weight_v', 'encoder.model.1.block.3.conv.conv.weight_v'],
  ['encoder.layers.1.block.3.norm.weight', 'encoder.model.1.block.3.conv.norm.weight'],
  ['encoder.layers.4.shortcut.conv.bias', 'encoder.model.4.shortcut.conv.conv.bias'],
  ['encoder.layers.4.shortcut.norm.bias', 'encoder.model.4.shortcut.conv.norm.bias'],
  ['encoder.layers.13.lstm.weight_ih_l0', 'encoder.model.13.lstm.weight_ih_l0'],
  ['decoder.layers.0.conv.parametrizations.weight.original0', 'decoder.model.0.conv.conv.weight_g'],
  ['decoder.layers.0.conv.parametrizations.weight.original1', 'decoder.model.0.conv.conv.weight_v'],
  ['decoder.layers.0.norm.weight', 'decoder.model.0.conv.norm.weight'],
  ['decoder.layers.1.lstm.bias_hh_l1', 'decoder.model.1.lstm.bias_hh_l1'],
  ['decoder.layers.3.conv.weight', 'decoder.model.3.convtr.convtr.weight'],
  ['decoder.layers.3.norm.weight', 'decoder.model.3.convtr.norm.weight'],
  ['decoder.layers.4.block.1.conv.weight', 'decoder.model.4.block.1.conv.conv.weight'],
  ['decoder.layers.15.conv.bias', 'decoder.model.15.conv.conv.bias'],
  ['quantizer.layers.31.codebook.embed', 'quantizer.vq.layers.31._codebook.embed'],
] as const;

const tensor = float32([1]);

describe('names of a state dict', () => {
  it("of Hugging Face become the reference's, transposed convolutions told by where they are", () => {
    const hf = new Map(PAIRS.map(([name]) => [name, tensor]));
    expect([...toReferenceNames(hf).keys()]).toEqual(PAIRS.map(([, name]) => name));
  });

  it('of the reference stay, and so do others', () => {
    const names = [
      ...PAIRS.map(([, name]) => name),
      'transformer.layers.0.norm1.weight',
      'entropy.frequencies',
    ];
    expect([...toReferenceNames(new Map(names.map((name) => [name, tensor]))).keys()]).toEqual(names);
  });

  it('leave out what only training needs, in both schemes', () => {
    const names = ['inited', 'cluster_size', 'embed_avg', 'embed'].flatMap((leaf) => [
      `quantizer.layers.0.codebook.${leaf}`,
      `quantizer.vq.layers.1._codebook.${leaf}`,
    ]);
    expect([...toReferenceNames(new Map(names.map((name) => [name, tensor]))).keys()]).toEqual([
      'quantizer.vq.layers.0._codebook.embed',
      'quantizer.vq.layers.1._codebook.embed',
    ]);
  });
});
