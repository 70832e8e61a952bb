import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Scope } from '../core/stages.ts';
import { convnextBlock, linear } from '../nn/convnext.ts';
import { aboveFloor } from '../nn/spectrum.ts';
import type { MagnitudeSizes, Magnitudes } from './magnitudes.ts';

export const networkOptions = z.strictObject({
  weights: z.string().describe('its weights: a name of codec weights list, or the path of a file'),
  width: z.int().positive().default(256).describe('channels of the blocks'),
  blocks: z.int().min(0).default(4),
  kernelSize: z.int().positive().default(7),
  expansion: z.int().positive().default(3).describe('hidden width of a block over its width'),
  lookaheadFrames: z.int().min(0).default(4).describe('frames after a frame that it depends on'),
});

export type NetworkSizes = MagnitudeSizes & z.output<typeof networkOptions>;

/** Magnitudes by a network. */
export function networkMagnitudes(sizes: NetworkSizes): Magnitudes {
  const { lookaheadFrames: delayFrames, weights, floor } = sizes;
  return {
    delayFrames,
    weights,
    of(frames, scope) {
      const log = logMagnitudes(frames, sizes, scope);
      return aboveFloor(tf.reshape(log, [log.shape[1], log.shape[2]]) as tf.Tensor2D, floor);
    },
  };
}

/**
 * What the network says, `lookaheadFrames` late: log-mel frames [batch, count, bands] -> log10(magnitude / floor + 1)
 * [batch, count, bins]. A linear map of the frame, and what causal ConvNeXt blocks (after Vocos, Siuzdak 2023, section
 * 3.2) add to it.
 */
export function logMagnitudes(
  frames: tf.Tensor3D,
  { bands, hopLength, width, blocks, lookaheadFrames: ahead, ...block }: NetworkSizes,
  scope: Scope,
): tf.Tensor3D {
  const [batch, count] = frames.shape;
  const bins = 2 * hopLength + 1;
  const near = scope.time.windows('vocoder.near', frames, { kernel: 2 * ahead + 1, stride: 1, mode: 'zero' });
  const here = tf.slice(near, [0, 0, ahead * bands], [batch, count, bands]);
  let h = linear(near, 'vocoder.in', width, scope);
  for (let i = 0; i < blocks; i++) h = convnextBlock(h, `vocoder.blocks.${i}`, block, scope);
  return tf.add(
    linear(here, 'vocoder.direct', bins, scope, { gain: 0.3 }),
    linear(h, 'vocoder.out', bins, scope, { gain: 0.1 }),
  ) as tf.Tensor3D;
}
