import * as tf from '@tensorflow/tfjs-core';
import { Dft } from './dft.ts';
import { hann } from './mel.ts';

export interface GriffinLimOptions {
  readonly hopLength: number;
  readonly iterations: number;
  /** In [0, 1): how far each step overshoots (Perraudin et al. 2013); 0 is the classical algorithm. */
  readonly momentum: number;
}

/** Frames overlap by three hops. */
const OVERLAP = 3;

/**
 * A signal whose STFT magnitudes (Hann window of four hops) come close to the given ones (Griffin & Lim 1984, with the
 * acceleration of Perraudin, Balazs & Søndergaard 2013).
 * @param magnitudes [frames, bins], bins = 2 * hopLength + 1
 * @param start [frames + 3, hopLength] signal to start from; only its phases matter
 * @param known how many of the first hops are certain and stay as they are
 * @returns [frames + 3, hopLength]
 */
export function griffinLim(
  magnitudes: tf.Tensor2D,
  start: tf.Tensor2D,
  known: number,
  { hopLength, iterations, momentum }: GriffinLimOptions,
): tf.Tensor2D {
  const frames = magnitudes.shape[0];
  const dft = new Dft(4 * hopLength);
  const target = keptMagnitudes(magnitudes, dft);
  const certain = tf.slice(start, [0, 0], [known, hopLength]);
  let signal = start;
  let before: tf.Tensor | undefined;
  for (let i = 0; i < iterations; i++) {
    const spectrum = dft.forward(framed(signal, hopLength));
    const ahead = before
      ? tf.sub(spectrum, tf.mul(before, momentum / (1 + momentum)))
      : (spectrum as tf.Tensor);
    before = spectrum;
    const size = tf.sqrt(tf.add(tf.sum(tf.square(ahead), 2, true), 1e-16));
    const projected = tf.mul(ahead, tf.div(target, size)) as tf.Tensor4D;
    const next = overlapAdd(dft.inverse(projected), hopLength);
    signal =
      known > 0
        ? (tf.concat(
            [certain, tf.slice(next, [known, 0], [frames + OVERLAP - known, hopLength])],
            0,
          ) as tf.Tensor2D)
        : next;
  }
  return signal;
}

/** [frames, bins] in the transform's order, [groups, frames, 1, inner]. */
function keptMagnitudes(magnitudes: tf.Tensor2D, dft: Dft): tf.Tensor4D {
  const frames = magnitudes.shape[0];
  const gathered = tf.gather(magnitudes, tf.tensor1d(dft.bins, 'int32'), 1);
  const grouped = tf.transpose(tf.reshape(gathered, [frames, dft.groups, dft.inner]), [1, 0, 2]);
  return tf.reshape(grouped, [dft.groups, frames, 1, dft.inner]) as tf.Tensor4D;
}

/** Hops [frames + 3, hop] -> windowed frames [frames, 4 * hop] */
function framed(hops: tf.Tensor2D, hopLength: number): tf.Tensor2D {
  const frames = hops.shape[0] - OVERLAP;
  const parts = [0, 1, 2, 3].map((i) => tf.slice(hops, [i, 0], [frames, hopLength]));
  return tf.mul(tf.concat(parts, 1), tf.tensor1d(hann(4 * hopLength))) as tf.Tensor2D;
}

/** Frames [frames, 4 * hop] -> hops [frames + 3, hop]: the signal whose frames come closest to these. */
function overlapAdd(frames: tf.Tensor2D, hopLength: number): tf.Tensor2D {
  const count = frames.shape[0];
  const window = hann(4 * hopLength);
  const weighted = tf.mul(frames, tf.tensor1d(window)) as tf.Tensor2D;
  const shifted = [0, 1, 2, 3].map((i) =>
    tf.pad(tf.slice(weighted, [0, i * hopLength], [count, hopLength]), [
      [i, OVERLAP - i],
      [0, 0],
    ]),
  );
  // Where fewer than four frames reach, at both ends, the windows' squares sum to less.
  const inverse = new Float32Array((count + OVERLAP) * hopLength);
  for (let hop = 0; hop < count + OVERLAP; hop++) {
    for (let n = 0; n < hopLength; n++) {
      let sum = 0;
      for (let i = 0; i < 4; i++) {
        if (hop - i >= 0 && hop - i < count) sum += window[i * hopLength + n]! ** 2;
      }
      inverse[hop * hopLength + n] = 1 / Math.max(sum, 1e-3);
    }
  }
  return tf.mul(tf.addN(shifted), tf.tensor2d(inverse, [count + OVERLAP, hopLength])) as tf.Tensor2D;
}
