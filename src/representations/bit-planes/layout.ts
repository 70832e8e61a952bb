/** How the samples of a signal lie around each other. */
export abstract class SampleLayout {
  /** Kinds of samples, each with a network of its own: channels. */
  readonly kinds: number;
  /** Bits of a sample; samples are from 0 to 2^depth - 1. */
  readonly depth: number;
  readonly samples: number;
  /** Of the sample that comes next, from those before it: a first guess, */
  base = 0;
  /** differences between neighbours, of which a linear prediction adds to that guess, */
  readonly taps: Int32Array;
  /** how much goes on around, as log2(1 + magnitude) in units of 2^-8, and where in the signal it is, in [0, 2^10], */
  readonly activities: Int32Array;
  /** and by how much neighbours were other than predicted, see `scan`, in units of 2^-8. */
  readonly errors: Int32Array;

  /** @param shape sizes of what is told of each sample */
  constructor(
    { kinds, taps, activities, errors }: LayoutShape & { readonly errors: number },
    depth: number,
    samples: number,
  ) {
    this.kinds = kinds;
    this.depth = depth;
    this.samples = samples;
    this.taps = new Int32Array(taps);
    this.activities = new Int32Array(activities);
    this.errors = new Int32Array(errors);
  }

  /**
   * Goes through all samples in the order of coding. `each` is given a sample's kind and its place in the signal, reads the fields
   * above, and gives its value and how far that is from what was predicted, in units of 2^-8.
   */
  abstract scan(
    each: (kind: number, index: number) => { readonly value: number; readonly error: number },
  ): void;
}

/** What a layout's networks are made for. */
export interface LayoutShape {
  readonly kinds: number;
  readonly taps: number;
  readonly activities: number;
}

const logarithms = Int32Array.from({ length: 513 }, (_, i) => {
  // log2(1 + i / 512) by squaring: whether the square passes 2 is the next bit.
  let x = 1 + i / 512;
  let bits = 0;
  if (i === 512) return 256;
  for (let bit = 128; bit >= 1; bit /= 2) {
    x *= x;
    if (x >= 2) {
      x /= 2;
      bits += bit;
    }
  }
  return bits;
});

/** log2(1 + v) of a whole number from 0 to 2^30, in units of 2^-8. */
export function logMagnitude(v: number): number {
  const n = v + 1;
  const whole = 31 - Math.clz32(n);
  const rest = whole <= 9 ? (n << (9 - whole)) & 511 : (n >>> (whole - 9)) & 511;
  return (whole << 8) + logarithms[rest]!;
}

/** A triangle wave from 0 to 2^10 and back, `waves` times over `length` places. */
export function triangle(at: number, length: number, waves: number): number {
  const phase = Math.floor((at * waves * 2048) / length) & 2047;
  return phase < 1024 ? phase : 2048 - phase;
}
