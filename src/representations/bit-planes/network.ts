import type { HostTensor } from '../../core/tensor.ts';
import type { NetworkPart } from '../../fitting/network.ts';
import { PARAMETER_BITS, UNIT } from './interval.ts';
import type { LayoutShape } from './layout.ts';

export type Network = ReadonlyMap<string, HostTensor>;

/** Bits after the point of the linear prediction's weights, and of all others. */
export const TAP_BITS = 10;
export const SCALE_BITS = 6;
/** Largest magnitude of a weight; with activities below 2^13 and some tens of terms, sums stay below 2^31. */
const LIMIT = 8;
const MAX_HIDDEN = 2 ** 15 - 1;

/** Shapes of the tensors of one kind of samples: the linear prediction, and the layers that find the scale. */
export function shapesOf({ taps, activities }: LayoutShape, hidden: number) {
  return {
    taps: [taps],
    bias: [1],
    first: [activities + 1, hidden],
    second: [hidden, 1],
    skip: [activities + 1, 1],
  } as const;
}

export const nameOf = (kind: number, tensor: string) => `${kind}.${tensor}`;

/** The tensors as they are coded. */
export function partsOf(shape: LayoutShape, hidden: number): NetworkPart[] {
  const shapes = Object.entries(shapesOf(shape, hidden));
  const part = (name: string, of: (tensor: string) => boolean, bits: number): NetworkPart => ({
    name,
    tensors: Array.from({ length: shape.kinds }, (_, kind) =>
      shapes
        .filter(([tensor]) => of(tensor))
        .map(([tensor, dims]) => ({ name: nameOf(kind, tensor), shape: dims })),
    ).flat(),
    exponents: [bits, bits],
    limit: LIMIT,
  });
  return [
    part('prediction', (tensor) => tensor === 'taps', TAP_BITS),
    part('scale', (tensor) => tensor !== 'taps', SCALE_BITS),
  ];
}

/**
 * The network of one kind of samples, in integers: what is near a sample, and where it is, to the mean and the logarithm of the
 * scale of a Laplace distribution, both in units of 2^-8.
 */
export class IntegerNetwork {
  mean = 0;
  logScale = 0;
  private readonly taps: Int32Array;
  private readonly bias: number;
  private readonly first: Int32Array;
  private readonly second: Int32Array;
  private readonly skip: Int32Array;
  private readonly hidden: Int32Array;

  constructor(network: Network, kind: number) {
    const fixed = (tensor: string, bits: number) =>
      Int32Array.from(network.get(nameOf(kind, tensor))!.data, (value) => Math.round(value * (1 << bits)));
    this.taps = fixed('taps', TAP_BITS);
    this.bias = fixed('bias', SCALE_BITS)[0]! << (PARAMETER_BITS - SCALE_BITS);
    this.first = fixed('first', SCALE_BITS);
    this.second = fixed('second', SCALE_BITS);
    this.skip = fixed('skip', SCALE_BITS);
    this.hidden = new Int32Array(this.second.length);
  }

  look(base: number, taps: Int32Array, activities: Int32Array): void {
    // Up to 2^17 * 2^13 each: their sum is exact in a double.
    let sum = 0;
    for (let i = 0; i < this.taps.length; i++) sum += this.taps[i]! * taps[i]!;
    this.mean = base * UNIT + Math.floor(sum / (1 << (TAP_BITS - PARAMETER_BITS))) + this.bias;

    const { first, second, skip, hidden } = this;
    const width = hidden.length;
    const inputs = activities.length;
    // The last row is the bias, of an input that is one.
    for (let j = 0; j < width; j++) hidden[j] = first[inputs * width + j]! << PARAMETER_BITS;
    let scale = skip[inputs]! << PARAMETER_BITS;
    for (let i = 0; i < inputs; i++) {
      const value = activities[i]!;
      if (value === 0) continue;
      scale = (scale + Math.imul(value, skip[i]!)) | 0;
      const row = i * width;
      for (let j = 0; j < width; j++) hidden[j] = (hidden[j]! + Math.imul(value, first[row + j]!)) | 0;
    }
    for (let j = 0; j < width; j++) {
      const unit = hidden[j]! >> SCALE_BITS;
      if (unit > 0) scale = (scale + Math.imul(unit > MAX_HIDDEN ? MAX_HIDDEN : unit, second[j]!)) | 0;
    }
    this.logScale = scale >> SCALE_BITS;
  }
}
