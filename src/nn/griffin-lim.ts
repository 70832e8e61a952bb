import * as tf from '@tensorflow/tfjs-core';
import { Dft, type Spectrum } from './dft.ts';
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
  const stft = new Stft(dft, frames);
  const target = keptMagnitudes(magnitudes, dft);
  const certain = tf.slice(start, [0, 0], [known, hopLength]);
  let signal = start;
  let before: tf.Tensor | undefined;
  for (let i = 0; i < iterations; i++) {
    const spectrum = stft.of(signal);
    const ahead = before
      ? tf.sub(spectrum, tf.mul(before, momentum / (1 + momentum)))
      : (spectrum as tf.Tensor);
    before = spectrum;
    // Two slices and a sum: reducing an axis of two is slow.
    const [re, im] = tf.split(ahead, 2, 2);
    const size = tf.sqrt(tf.add(tf.add(tf.square(re!), tf.square(im!)), 1e-16));
    const next = stft.signalOf(tf.mul(ahead, tf.div(target, size)));
    signal =
      known > 0
        ? tf.concat([certain, tf.slice(next, [known, 0], [frames + OVERLAP - known, hopLength])], 0)
        : next;
  }
  return signal;
}

/** Short-time Fourier transform with a Hann window of four hops, and back. */
class Stft {
  private readonly dft: Dft;
  private readonly frames: number;
  private readonly hopLength: number;
  private readonly window: tf.Tensor1D;
  /** Over the sum of the windows' squares, which is less where fewer than four frames reach, at both ends. */
  private readonly inverseWeight: tf.Tensor2D;

  constructor(dft: Dft, frames: number) {
    this.dft = dft;
    this.frames = frames;
    this.hopLength = dft.size / 4;
    const window = hann(dft.size);
    this.window = tf.tensor1d(window);
    this.inverseWeight = inverseWeight(window, frames);
  }

  /** Hops [frames + 3, hop] -> spectrum of their frames */
  of(hops: tf.Tensor2D): Spectrum {
    const parts = [0, 1, 2, 3].map((i) => tf.slice(hops, [i, 0], [this.frames, this.hopLength]));
    return this.dft.forward(tf.mul(tf.concat(parts, 1), this.window));
  }

  /** Spectrum -> hops [frames + 3, hop]: the signal whose frames come closest to it */
  signalOf(spectrum: Spectrum): tf.Tensor2D {
    const { frames, hopLength } = this;
    const weighted = tf.mul(this.dft.inverse(spectrum), this.window);
    const shifted = [0, 1, 2, 3].map((i) =>
      tf.pad(tf.slice(weighted, [0, i * hopLength], [frames, hopLength]), [
        [i, OVERLAP - i],
        [0, 0],
      ]),
    );
    return tf.mul(tf.addN(shifted), this.inverseWeight);
  }
}

function inverseWeight(window: Float32Array, frames: number): tf.Tensor2D {
  const hopLength = window.length / 4;
  const inverse = new Float32Array((frames + OVERLAP) * hopLength);
  for (let hop = 0; hop < frames + OVERLAP; hop++) {
    for (let n = 0; n < hopLength; n++) {
      let sum = 0;
      for (let i = 0; i < 4; i++) {
        if (hop - i >= 0 && hop - i < frames) sum += window[i * hopLength + n]! ** 2;
      }
      inverse[hop * hopLength + n] = 1 / Math.max(sum, 1e-3);
    }
  }
  return tf.tensor2d(inverse, [frames + OVERLAP, hopLength]);
}

/** [frames, bins] in the transform's order, [groups, frames, 1, inner]. */
function keptMagnitudes(magnitudes: tf.Tensor2D, dft: Dft): tf.Tensor4D {
  const frames = magnitudes.shape[0];
  const gathered = tf.gather(magnitudes, tf.tensor1d(dft.bins, 'int32'), 1);
  const grouped = tf.transpose(tf.reshape(gathered, [frames, dft.groups, dft.inner]), [1, 0, 2]);
  return tf.reshape(grouped, [dft.groups, frames, 1, dft.inner]) as tf.Tensor4D;
}
