import * as tf from '@tensorflow/tfjs-core';
import { dftBasis, melFilters } from '../nn/mel.ts';
import type { TrainingOptions } from '../recipe/schema.ts';

export interface AudioLosses {
  /** Mean absolute difference of samples. */
  readonly waveform: tf.Scalar;
  /** Mean over scales of the mean absolute difference of log10 mel magnitudes (floor 1e-4). */
  readonly mel: tf.Scalar;
  /** Mean over scales of the mean absolute difference of magnitudes, relative to the target's mean magnitude. */
  readonly spectrum: tf.Scalar;
}

// 74 dB below full scale: what lies deeper is not worth the codec's bits.
const FLOOR = 1e-4;

/**
 * Distances between two batches of mono signals [batch, time] at several STFT resolutions, hop a quarter window
 * (after EnCodec section 3.4 and DAC's multi-scale mel loss).
 */
export function audioLosses(
  predicted: tf.Tensor2D,
  target: tf.Tensor2D,
  sampleRateHz: number,
  { windows, melBands }: TrainingOptions['losses'],
): AudioLosses {
  const mels: tf.Scalar[] = [];
  const spectra: tf.Scalar[] = [];
  for (const [i, window] of windows.entries()) {
    const a = magnitudes(predicted, window);
    const b = magnitudes(target, window);
    const bands = melBands[i] ?? 16;
    const filters = tf.tensor2d(melFilters(sampleRateHz, window, bands), [window / 2 + 1, bands]);
    const logMel = (m: tf.Tensor2D) => tf.div(tf.log(tf.add(tf.matMul(m, filters), FLOOR)), Math.LN10);
    mels.push(tf.mean(tf.abs(tf.sub(logMel(a), logMel(b)))));
    spectra.push(tf.div(tf.mean(tf.abs(tf.sub(a, b))), tf.add(tf.mean(b), FLOOR)));
  }
  const average = (scalars: tf.Scalar[]) => tf.div(tf.addN(scalars), scalars.length) as tf.Scalar;
  return {
    waveform: tf.mean(tf.abs(tf.sub(predicted, target))),
    mel: average(mels),
    spectrum: average(spectra),
  };
}

/** STFT magnitudes [batch * frames, bins] of signals [batch, time], frames a quarter window apart, no padding. */
export function magnitudes(signals: tf.Tensor2D, window: number): tf.Tensor2D {
  const [batch, time] = signals.shape;
  const hop = window / 4;
  const hops = Math.floor(time / hop);
  const blocks = tf.reshape(tf.slice(signals, [0, 0], [batch, hops * hop]), [batch, hops, hop]);
  const frames = hops - 3;
  const framed = tf.concat(
    [0, 1, 2, 3].map((i) => tf.slice(blocks, [0, i, 0], [batch, frames, hop])),
    2,
  );
  const bins = window / 2 + 1;
  const spectrum = tf.matMul(
    tf.reshape(framed, [batch * frames, window]) as tf.Tensor2D,
    tf.tensor2d(dftBasis(window), [window, 2 * bins]),
  );
  const [re, im] = tf.split(spectrum, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
  // The small constant keeps the root differentiable in silence.
  return tf.sqrt(tf.add(tf.add(tf.square(re), tf.square(im)), 1e-10)) as tf.Tensor2D;
}
