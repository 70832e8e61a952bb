import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { Rng } from '../core/rng.ts';
import type { Vocoder } from '../core/stages.ts';
import { griffinLim } from '../nn/griffin-lim.ts';
import { createMagnitudes, magnitudesOptions } from './magnitudes.ts';

export const griffinLimOptions = z.strictObject({
  magnitudes: magnitudesOptions.prefault({ type: 'mel-inverse' }).describe('how mel bands become bins'),
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
 * Log-mel frames to a signal: magnitudes by inverting the filter bank or by a network, phases by fast Griffin-Lim. A chunk begins where the one before ended: its last hops are kept, its guess of what follows is refined.
 */
export function griffinLimVocoder(options: GriffinLimSizes): Vocoder {
  const { iterations, momentum, lookaheadFrames, sampleRateHz, features } = options;
  const { hopLength } = features;
  const overlap = 3;
  const bins = 2 * hopLength + 1;
  const magnitudes = createMagnitudes(options.magnitudes, { ...features, sampleRateHz });
  return {
    delayFrames: magnitudes.delayFrames + lookaheadFrames,
    ...(magnitudes.weights !== undefined && { network: { ...magnitudes, weights: magnitudes.weights } }),
    synthesise(frames, scope) {
      const [batch, count] = frames.shape;
      if (batch !== 1) throw new Error('internal: one signal at a time');
      const now = tf.reshape(magnitudes.magnitudes(frames, scope), [1, count, bins]) as tf.Tensor3D;
      const padded = scope.time.pad('vocoder.magnitudes', now, {
        kernel: lookaheadFrames + 1,
        stride: 1,
        mode: 'zero',
      });
      // The transform inside has no factor of its own.
      const scale = 2 * hopLength;
      const target = tf.mul(tf.reshape(padded, [lookaheadFrames + count, bins]), scale) as tf.Tensor2D;
      const carried = lookaheadFrames + overlap;
      const before = scope.time.state('vocoder.signal', 1, carried * hopLength);
      const start = tf.concat([tf.reshape(before, [carried, hopLength]), noise(count, hopLength)], 0);
      const signal = griffinLim(target, start as tf.Tensor2D, overlap, {
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
