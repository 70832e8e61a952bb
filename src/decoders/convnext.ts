import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Decoder } from '../core/stages.ts';
import { type ConvnextSizes, convnextBlock, convnextOptions, linear } from '../nn/convnext.ts';

export const convnextDecoderOptions = convnextOptions.extend({
  lookaheadFrames: z.int().min(0).default(0).describe('latents after a latent that its frames depend on'),
});

export interface ConvnextDecoderSizes extends ConvnextSizes {
  readonly lookaheadFrames: number;
}

/** The way back from latents to frames of features: a linear map, and what causal ConvNeXt blocks add to it. */
export function convnextDecoder(options: ConvnextDecoderSizes): Decoder {
  const { frames, width, blocks, features, lookaheadFrames: ahead } = options;
  return {
    delayFrames: ahead,
    decode(latents, scope) {
      const [batch, time, dimension] = latents.shape;
      // All that follows runs `ahead` latents late, so that what comes next is known.
      const near = scope.time.windows('decoder.near', latents, {
        kernel: 2 * ahead + 1,
        stride: 1,
        mode: 'zero',
      });
      const here = tf.slice(near, [0, 0, ahead * dimension], [batch, time, dimension]);
      let y = linear(here, 'decoder.direct', frames * features, scope);
      if (blocks > 0) {
        let h = linear(near, 'decoder.in', width, scope);
        for (let i = 0; i < blocks; i++) h = convnextBlock(h, `decoder.blocks.${i}`, options, scope);
        y = tf.add(y, linear(h, 'decoder.out', frames * features, scope, { gain: 0.1 }));
      }
      return tf.reshape(y, [batch, time * frames, features]);
    },
  };
}
