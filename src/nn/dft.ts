import * as tf from '@tensorflow/tfjs-core';

/** Bins in the order the two-step transform gives them: [groups, frames, 2, inner], real parts before imaginary ones. */
export type Spectrum = tf.Tensor4D;

/**
 * Discrete Fourier transform of real frames as two small matrix products (Cooley & Tukey 1965, one decimation step,
 * twiddle factors folded into the second product): a tenth of the work of the full matrix, and differentiable.
 *
 * With size = outer * inner, sample n = inner * n1 + n2 and bin k = k1 + outer * k2. Of the real signal's symmetric
 * spectrum, the groups k1 = 0 .. outer / 2 are kept; groups 0 and outer / 2 hold their own mirror images.
 *
 * An instance belongs to one graph: it makes its constants there, once.
 */
export class Dft {
  readonly size: number;
  readonly groups: number;
  readonly inner: number;
  private readonly outer: number;
  private readonly made = new Map<string, tf.Tensor3D>();

  /** `size` must be a multiple of 4. */
  constructor(size: number) {
    this.size = size;
    this.outer = evenFactor(size);
    this.inner = size / this.outer;
    this.groups = this.outer / 2 + 1;
  }

  /** Bin in [0, size / 2] that stands at each place of the kept order: `groups * inner` of them. */
  get bins(): Int32Array<ArrayBuffer> {
    const { size, groups, inner, outer } = this;
    return Int32Array.from({ length: groups * inner }, (_, i) => {
      const k = Math.floor(i / inner) + outer * (i % inner);
      return Math.min(k, size - k);
    });
  }

  /** Places at which each bin of [0, size / 2] stands first: the way back from the kept order. */
  get places(): Int32Array<ArrayBuffer> {
    const places = new Int32Array(this.size / 2 + 1).fill(-1);
    for (const [place, bin] of this.bins.entries()) if (places[bin] === -1) places[bin] = place;
    return places;
  }

  /** frames [count, size] -> spectrum */
  forward(frames: tf.Tensor2D): Spectrum {
    const { outer, inner, groups } = this;
    const count = frames.shape[0];
    const columns = tf.matMul(
      this.constant('outerForward'),
      tf.reshape(frames, [count, outer, inner]) as tf.Tensor3D,
    );
    const grouped = tf.transpose(tf.reshape(columns, [count, groups, 2 * inner]), [1, 0, 2]);
    const spectrum = tf.matMul(grouped, this.constant('innerForward'));
    return tf.reshape(spectrum, [groups, count, 2, inner]) as Spectrum;
  }

  /** spectrum -> frames [count, size]: the inverse, 1 / size included */
  inverse(spectrum: Spectrum): tf.Tensor2D {
    const { size, inner, groups } = this;
    const count = spectrum.shape[1];
    const grouped = tf.matMul(
      tf.reshape(spectrum, [groups, count, 2 * inner]) as tf.Tensor3D,
      this.constant('innerInverse'),
    );
    const columns = tf.reshape(tf.transpose(grouped, [1, 0, 2]), [count, 2 * groups, inner]) as tf.Tensor3D;
    return tf.reshape(tf.matMul(this.constant('outerInverse'), columns), [count, size]) as tf.Tensor2D;
  }

  private constant(name: 'outerForward' | 'innerForward' | 'innerInverse' | 'outerInverse'): tf.Tensor3D {
    const known = this.made.get(name);
    if (known) return known;
    const { outer, inner, groups } = this;
    const of = {
      outerForward: [() => this.outerForward(), [1, 2 * groups, outer]],
      innerForward: [() => this.innerStep(-1), [groups, 2 * inner, 2 * inner]],
      innerInverse: [() => this.innerStep(1), [groups, 2 * inner, 2 * inner]],
      outerInverse: [() => this.outerInverse(), [1, outer, 2 * groups]],
    } as const;
    const [values, shape] = of[name];
    const made = tf.tensor3d(values(), [...shape]);
    this.made.set(name, made);
    return made;
  }

  /** [1, 2 * groups, outer]: DFT over n1, rows real and imaginary part by turns. */
  private outerForward(): Float32Array {
    const { outer, groups } = this;
    const values = new Float32Array(2 * groups * outer);
    for (let k = 0; k < groups; k++) {
      for (let n = 0; n < outer; n++) {
        const angle = (-2 * Math.PI * ((n * k) % outer)) / outer;
        values[2 * k * outer + n] = Math.cos(angle);
        values[(2 * k + 1) * outer + n] = Math.sin(angle);
      }
    }
    return values;
  }

  /** [1, outer, 2 * groups]: what each group adds to a sample, mirrored groups counted in, over the size. */
  private outerInverse(): Float32Array {
    const { size, outer, groups } = this;
    const values = new Float32Array(outer * 2 * groups);
    for (let n = 0; n < outer; n++) {
      for (let k = 0; k < groups; k++) {
        const weight = (k === 0 || k === groups - 1 ? 1 : 2) / size;
        const angle = (2 * Math.PI * ((n * k) % outer)) / outer;
        values[n * 2 * groups + 2 * k] = weight * Math.cos(angle);
        values[n * 2 * groups + 2 * k + 1] = -weight * Math.sin(angle);
      }
    }
    return values;
  }

  /** [groups, 2 * inner, 2 * inner]: per group the twiddle factors and the DFT between n2 and k2, as a real matrix. */
  private innerStep(sign: 1 | -1): Float32Array {
    const { size, outer, inner, groups } = this;
    const width = 2 * inner;
    const values = new Float32Array(groups * width * width);
    for (let group = 0; group < groups; group++) {
      for (let n2 = 0; n2 < inner; n2++) {
        for (let k2 = 0; k2 < inner; k2++) {
          const angle = (sign * 2 * Math.PI * ((n2 * (group + outer * k2)) % size)) / size;
          const [re, im] = [Math.cos(angle), Math.sin(angle)];
          const [from, to] = sign < 0 ? [n2, k2] : [k2, n2];
          const at = group * width * width;
          values[at + from * width + to] = re;
          values[at + from * width + inner + to] = im;
          values[at + (inner + from) * width + to] = -im;
          values[at + (inner + from) * width + inner + to] = re;
        }
      }
    }
    return values;
  }
}

/** The even divisor of `size` for which the two products together cost least. */
function evenFactor(size: number): number {
  let best = 2;
  const cost = (outer: number) => 2 * (outer / 2 + 1) * (size + (2 * size * size) / (outer * outer));
  for (let outer = 2; outer <= size; outer += 2) {
    if (size % outer === 0 && cost(outer) < cost(best)) best = outer;
  }
  return best;
}
