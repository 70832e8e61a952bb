import type { Tensor3D } from '@tensorflow/tfjs-core';
import type { Encoder, Scope } from '../core/stages.ts';
import { conv1d, lstm } from '../nn/layers.ts';
import { hopLength, residualBlock, type SeanetSizes, Sequence } from '../nn/seanet.ts';

/** EnCodec's encoder: convolutions that halve the rate by each ratio and double the width, then an LSTM. */
export function seanetEncoder(options: SeanetSizes): Encoder {
  return {
    hopLength: hopLength(options),
    dimension: options.dimension,
    encode: (x, scope) => encode(x, options, scope),
  };
}

function encode(x: Tensor3D, options: SeanetSizes, scope: Scope): Tensor3D {
  const layers = new Sequence('encoder', scope);
  const conv = (h: Tensor3D, outChannels: number, kernel: number, stride = 1) =>
    layers.next(h, (input, name) =>
      conv1d(input, { name: `${name}.conv.conv`, outChannels, kernel, stride, style: options }, scope),
    );

  let width = options.nFilters;
  let h = conv(x, width, options.kernelSize);
  for (const ratio of options.ratios.toReversed()) {
    for (let i = 0; i < options.residualLayers; i++) {
      h = layers.next(h, (input, name) => residualBlock(input, name, options, scope));
    }
    width *= 2;
    h = conv(layers.elu(h), width, 2 * ratio, ratio);
  }
  if (options.lstmLayers > 0) {
    h = layers.next(h, (input, name) => lstm(input, `${name}.lstm`, options.lstmLayers, scope));
  }
  return conv(layers.elu(h), options.dimension, options.lastKernelSize);
}
