import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { LearnedMagnitudes } from '../core/stages.ts';
import { melFilters } from '../nn/mel.ts';
import { magnitudesFromMel } from '../nn/mel-inverse.ts';
import { aboveFloor } from '../nn/spectrum.ts';
import { networkMagnitudes, networkOptions } from './network-magnitudes.ts';

/** log-mel frames -> what Griffin-Lim needs: a magnitude for every bin */
export interface Magnitudes extends Omit<LearnedMagnitudes, 'weights'> {
  /** Where its weights are, if it has any. */
  readonly weights?: string;
}

export interface MagnitudeSizes {
  readonly sampleRateHz: number;
  readonly hopLength: number;
  readonly bands: number;
  readonly floor: number;
}

/** Ways to magnitudes, by the name recipes use. */
const kinds = {
  /** By inverting the filter bank: nothing to learn. */
  'mel-inverse': {
    options: z.strictObject({ type: z.literal('mel-inverse') }),
    create: (sizes: MagnitudeSizes): Magnitudes => ({
      delayFrames: 0,
      magnitudes: (frames) => invert(frames, sizes),
    }),
  },
  /** By a network, which knows what speech looks like between the bands. */
  convnext: {
    options: networkOptions.extend({ type: z.literal('convnext') }),
    create: (sizes: MagnitudeSizes & z.output<typeof networkOptions>): Magnitudes => networkMagnitudes(sizes),
  },
} as const;

export const magnitudesOptions = z.discriminatedUnion('type', [
  kinds['mel-inverse'].options,
  kinds.convnext.options,
]);

export function createMagnitudes(
  options: z.output<typeof magnitudesOptions>,
  sizes: MagnitudeSizes,
): Magnitudes {
  return kinds[options.type].create({ ...sizes, ...options } as never);
}

function invert(frames: tf.Tensor3D, { sampleRateHz, hopLength, bands, floor }: MagnitudeSizes): tf.Tensor2D {
  const windowLength = 4 * hopLength;
  const mel = aboveFloor(
    tf.reshape(frames, [frames.shape[0] * frames.shape[1], bands]) as tf.Tensor2D,
    floor,
  );
  return magnitudesFromMel(mel, melFilters(sampleRateHz, windowLength, bands), windowLength / 2 + 1);
}
