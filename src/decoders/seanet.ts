import type { Tensor3D } from '@tensorflow/tfjs-core';
import type { Decoder, Scope } from '../core/stages.ts';
import { conv1d, convTranspose1d, lstm } from '../nn/layers.ts';
import { residualBlock, type SeanetSizes, Sequence } from '../nn/seanet.ts';

/** EnCodec's decoder, the encoder's mirror image: LSTM, then transposed convolutions back to the signal. */
export function seanetDecoder(options: SeanetSizes): Decoder {
  return { delayFrames: 0, decode: (latents, scope) => decode(latents, options, scope) };
}

function decode(latents: Tensor3D, options: SeanetSizes, scope: Scope): Tensor3D {
  const layers = new Sequence('decoder', scope);
  const conv = (h: Tensor3D, outChannels: number, kernel: number) =>
    layers.next(h, (input, name) =>
      conv1d(input, { name: `${name}.conv.conv`, outChannels, kernel, style: options }, scope),
    );

  let width = options.nFilters * 2 ** options.ratios.length;
  let h = conv(latents, width, options.kernelSize);
  if (options.lstmLayers > 0) {
    h = layers.next(h, (input, name) => lstm(input, `${name}.lstm`, options.lstmLayers, scope));
  }
  for (const ratio of options.ratios) {
    width /= 2;
    h = layers.next(layers.elu(h), (input, name) =>
      convTranspose1d(
        input,
        {
          name: `${name}.convtr.convtr`,
          outChannels: width,
          kernel: 2 * ratio,
          stride: ratio,
          style: options,
        },
        scope,
      ),
    );
    for (let i = 0; i < options.residualLayers; i++) {
      h = layers.next(h, (input, name) => residualBlock(input, name, options, scope));
    }
  }
  return conv(layers.elu(h), options.channels, options.lastKernelSize);
}
