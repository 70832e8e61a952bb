import * as tf from '@tensorflow/tfjs-core';
import { Dft } from '../nn/dft.ts';
import { melFilters } from '../nn/mel.ts';
import { inKeptOrder, keptMagnitudes } from '../nn/spectrum.ts';
import { sideBySide } from '../nn/timeline.ts';
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
    const dft = new Dft(window);
    const [bins, kept] = [window / 2 + 1, dft.groups * dft.inner];
    const a = keptMagnitudes(framed(predicted, window), dft);
    const b = keptMagnitudes(framed(target, window), dft);
    const bands = melBands[i] ?? 16;
    const filters = tf.tensor2d(inKeptOrder(melFilters(sampleRateHz, window, bands), dft, bands), [
      kept,
      bands,
    ]);
    const logMel = (m: tf.Tensor2D) => tf.div(tf.log(tf.add(tf.matMul(m, filters), FLOOR)), Math.LN10);
    mels.push(tf.mean(tf.abs(tf.sub(logMel(a), logMel(b)))));
    // Every bin once, although some are kept twice.
    const once = tf.tensor1d(inKeptOrder(new Float32Array(bins).fill(1), dft, 1));
    const perBin = (m: tf.Tensor) => tf.mul(tf.mean(tf.mul(m, once)), kept / bins);
    spectra.push(tf.div(perBin(tf.abs(tf.sub(a, b))), tf.add(perBin(b), FLOOR)));
  }
  const average = (scalars: tf.Scalar[]) => tf.div(tf.addN(scalars), scalars.length) as tf.Scalar;
  return {
    waveform: tf.mean(tf.abs(tf.sub(predicted, target))),
    mel: average(mels),
    spectrum: average(spectra),
  };
}

/** Frames [batch * frames, window] of signals [batch, time], a quarter window apart, no padding. */
export function framed(signals: tf.Tensor2D, window: number): tf.Tensor2D {
  const [batch, time] = signals.shape;
  const hop = window / 4;
  const hops = Math.floor(time / hop);
  const whole = tf.reshape(tf.slice(signals, [0, 0], [batch, hops * hop]), [
    batch,
    hops * hop,
    1,
  ]) as tf.Tensor3D;
  const frames = sideBySide(whole, { kernel: window, stride: hop });
  return tf.reshape(frames, [batch * (hops - 3), window]) as tf.Tensor2D;
}
