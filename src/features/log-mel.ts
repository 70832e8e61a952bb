import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Features } from '../core/stages.ts';
import { Dft } from '../nn/dft.ts';
import { melFilters } from '../nn/mel.ts';
import { inKeptOrder, keptMagnitudes, logAboveFloor } from '../nn/spectrum.ts';

const positive = z.int().positive();

export const logMelOptions = z.strictObject({
  hopLength: positive.describe('samples from one frame to the next; a frame sees four times as many'),
  bands: positive.describe('mel bands up to half the sample rate'),
  floor: z
    .number()
    .positive()
    .default(1e-4)
    .describe('magnitude that counts as silence; a full-scale sine has 0.5'),
});

export interface LogMelSizes extends z.output<typeof logMelOptions> {
  readonly sampleRateHz: number;
  readonly channels: number;
}

/**
 * Log-mel frames of a mono signal: log10(mel magnitude / floor + 1), so silence is 0 and full scale about 3.7 with the
 * default floor. A frame sees the hop it ends with and the three before.
 */
export function logMel(options: LogMelSizes): Features {
  const { hopLength, bands, floor, sampleRateHz } = options;
  const windowLength = 4 * hopLength;
  return {
    hopLength,
    dimension: bands,
    analyse(x, scope) {
      const dft = new Dft(windowLength);
      const kept = dft.groups * dft.inner;
      const framed = scope.time.windows('features.window', x, {
        kernel: windowLength,
        stride: hopLength,
        mode: 'zero',
      });
      const [batch, count] = framed.shape;
      const rows = keptMagnitudes(tf.reshape(framed, [batch * count, windowLength]) as tf.Tensor2D, dft);
      const filters = inKeptOrder(melFilters(sampleRateHz, windowLength, bands), dft, bands);
      const mel = tf.matMul(rows, tf.tensor2d(filters, [kept, bands]));
      const log = logAboveFloor(mel, floor);
      return tf.reshape(log, [batch, count, bands]);
    },
  };
}
