import * as tf from '@tensorflow/tfjs-core';
import type { Encoder } from '../core/stages.ts';
import { type ConvnextSizes, convnextBlock, linear } from '../nn/convnext.ts';

/**
 * Frames of features, several at a time, to one latent: a linear map, which alone would already do, and what a stack of
 * causal ConvNeXt blocks adds to it.
 */
export function convnextEncoder(options: ConvnextSizes): Encoder {
  const { frames, width, blocks, dimension } = options;
  return {
    hopLength: frames,
    dimension,
    encode(x, scope) {
      const stacked = scope.time.windows('encoder.stack', x, {
        kernel: frames,
        stride: frames,
        mode: 'zero',
      });
      const direct = linear(stacked, 'encoder.direct', dimension, scope);
      if (blocks === 0) return direct;
      let h = linear(stacked, 'encoder.in', width, scope);
      for (let i = 0; i < blocks; i++) h = convnextBlock(h, `encoder.blocks.${i}`, options, scope);
      return tf.add(direct, linear(h, 'encoder.out', dimension, scope, { gain: 0.1 })) as tf.Tensor3D;
    },
  };
}
