import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { LearnedMagnitudes, Scope } from '../core/stages.ts';
import { convnextBlock, linear } from '../nn/convnext.ts';
import { melFilters } from '../nn/mel.ts';
import { fitToMel } from '../nn/mel-inverse.ts';
import { aboveFloor } from '../nn/spectrum.ts';
import type { MagnitudeSizes } from './magnitudes.ts';

export const networkOptions = z.strictObject({
  weights: z.string().describe('its weights: a name of codec weights list, or the path of a file'),
  width: z.int().positive().default(256).describe('channels of the blocks'),
  blocks: z.int().min(0).default(4),
  kernelSize: z.int().positive().default(7),
  expansion: z.int().positive().default(3).describe('hidden width of a block over its width'),
  lookaheadFrames: z.int().min(0).default(4).describe('frames after a frame that it depends on'),
  fitSteps: z.int().min(0).default(2).describe('steps that bring what it says closer to the bands'),
});

export type NetworkSizes = MagnitudeSizes & z.output<typeof networkOptions>;

/** Magnitudes by a network: what it makes of the frames, then a few steps towards the bands it was given. */
export function networkMagnitudes(sizes: NetworkSizes): LearnedMagnitudes {
  const { lookaheadFrames: delayFrames, weights, bands } = sizes;
  return {
    delayFrames,
    weights,
    magnitudes(frames, scope) {
      const [batch, count] = frames.shape;
      const near = scope.time.windows('vocoder.near', frames, {
        kernel: 2 * delayFrames + 1,
        stride: 1,
        mode: 'zero',
      });
      const here = tf.slice(near, [0, 0, delayFrames * bands], [batch, count, bands]);
      return between(near, here, sizes, scope);
    },
  };
}

/**
 * `near` [batch, count, (2 * lookahead + 1) * bands] are the frames around each of `here` [batch, count, bands]. A linear
 * map of the frame, what causal ConvNeXt blocks add to it (after Vocos, Siuzdak 2023, section 3.2), and `fitSteps` so that
 * the network need only know what the bands do not say.
 */
function between(near: tf.Tensor3D, here: tf.Tensor3D, sizes: NetworkSizes, scope: Scope): tf.Tensor2D {
  const { sampleRateHz, bands, hopLength, floor, width, blocks, fitSteps } = sizes;
  const bins = 2 * hopLength + 1;
  let h = linear(near, 'vocoder.in', width, scope);
  for (let i = 0; i < blocks; i++) h = convnextBlock(h, `vocoder.blocks.${i}`, sizes, scope);
  const log = tf.add(
    linear(here, 'vocoder.direct', bins, scope, { gain: 0.3 }),
    linear(h, 'vocoder.out', bins, scope, { gain: 0.1 }),
  );
  const rows = here.shape[0] * here.shape[1];
  const mel = aboveFloor(tf.reshape(here, [rows, bands]) as tf.Tensor2D, floor);
  const start = aboveFloor(tf.reshape(log, [rows, bins]) as tf.Tensor2D, floor);
  return fitToMel(start, mel, melFilters(sampleRateHz, 4 * hopLength, bands), fitSteps);
}
