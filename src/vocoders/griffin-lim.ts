import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { Rng } from '../core/rng.ts';
import type { Vocoder } from '../core/stages.ts';
import { griffinLim } from '../nn/griffin-lim.ts';
import { melFilters } from '../nn/mel.ts';
import { magnitudesFromMel } from '../nn/mel-inverse.ts';

export const griffinLimOptions = z.strictObject({
  iterations: z.int().positive().default(32),
  momentum: z.number().min(0).lt(1).default(0.99),
  lookaheadFrames: z
    .int()
    .min(3)
    .default(8)
    .describe('frames after a hop that are known before its phase is settled'),
});

export interface GriffinLimSizes extends z.output<typeof griffinLimOptions> {
  readonly sampleRateHz: number;
  readonly features: {
    readonly hopLength: number;
    readonly bands: number;
    readonly floor: number;
  };
}

/**
 * Log-mel frames to a signal without learned weights: magnitudes by inverting the filter bank, phases by fast
 * Griffin-Lim. A chunk begins where the one before ended: its last hops are kept, its guess of what follows is refined.
 */
export function griffinLimVocoder(options: GriffinLimSizes): Vocoder {
  const { iterations, momentum, lookaheadFrames, sampleRateHz, features } = options;
  const { hopLength, bands, floor } = features;
  const windowLength = 4 * hopLength;
  const bins = windowLength / 2 + 1;
  const overlap = 3;
  return {
    delayFrames: lookaheadFrames,
    synthesise(frames, scope) {
      const [batch, count] = frames.shape;
      if (batch !== 1) throw new Error('internal: one signal at a time');
      const log = scope.time.pad('vocoder.frames', frames, {
        kernel: lookaheadFrames + 1,
        stride: 1,
        mode: 'zero',
      });
      const all = lookaheadFrames + count;
      const mel = tf.mul(
        tf.relu(tf.sub(tf.exp(tf.mul(tf.reshape(log, [all, bands]), Math.LN10)), 1)),
        (floor * windowLength) / 2,
      ) as tf.Tensor2D;
      const magnitudes = magnitudesFromMel(mel, melFilters(sampleRateHz, windowLength, bands), bins);
      const carried = lookaheadFrames + overlap;
      const before = scope.time.state('vocoder.signal', 1, carried * hopLength);
      const start = tf.concat([tf.reshape(before, [carried, hopLength]), noise(count, hopLength)], 0);
      const signal = griffinLim(magnitudes, start as tf.Tensor2D, overlap, {
        hopLength,
        iterations,
        momentum,
      });
      const tail = tf.slice(signal, [count, 0], [carried, hopLength]);
      scope.time.carry('vocoder.signal', tf.reshape(tail, [1, carried * hopLength]));
      return tf.reshape(tf.slice(signal, [overlap, 0], [count, hopLength]), [1, count * hopLength, 1]);
    },
  };
}

/** Faint noise from which phases start where nothing is known: the same every time. */
function noise(hops: number, hopLength: number): tf.Tensor2D {
  const rng = new Rng(1);
  return tf.tensor2d(
    Float32Array.from({ length: hops * hopLength }, () => 1e-4 * rng.normal()),
    [hops, hopLength],
  );
}
