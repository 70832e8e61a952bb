import type { HostTensor } from '../../core/tensor.ts';
import { laplaceIndex, PARAMETER_BITS, roundedMean } from '../../entropy/laplace.ts';
import { contextOffsets, type LatentImageOptions } from './geometry.ts';

/** Latents before and beside a grid that contexts may reach. */
export const PADDING = 3;
/** Latents larger than this count as this large in contexts. */
const MAX_CONTEXT = 1023;
/** Hidden units are at most so large: 16 of them times the largest weights fit 32 bits. */
const MAX_UNIT = 2 ** 15 - 1;
const ROUNDING = 1 << (PARAMETER_BITS - 1);

/** A grid of latents with a border of zeros: 3 rows above, 3 columns on each side. */
export interface PaddedGrid {
  readonly latents: Int32Array;
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
}

export function paddedGrid(rows: number, columns: number): PaddedGrid {
  const stride = columns + 2 * PADDING;
  return {
    latents: new Int32Array((rows + PADDING) * stride),
    rows,
    columns,
    stride,
  };
}

/** Where a row's first latent is. */
export function rowStart({ stride }: PaddedGrid, row: number): number {
  return (row + PADDING) * stride + PADDING;
}

/**
 * The context model in integers: latents before a latent, and its level, to the Laplace distribution it is coded with. Weights
 * and values have 8 bits after the point; products are summed exactly in 32 bits, shifted, rounded to the nearest. No
 * float is involved, so that every machine parses a file alike.
 */
export class IntegerContext {
  /** Set by `look`: number of the table, and the integer that its middle stands for. */
  table = 0;
  centre = 0;
  private readonly count: number;
  private readonly width: number;
  private readonly offsets: Int32Array;
  /** [contexts, width] */
  private readonly first: Int32Array;
  /** Of the first layer at this level. */
  private readonly firstBias: Int32Array;
  /** [width - 1, width], bias apart */
  private readonly second: Int32Array;
  private readonly secondBias: Int32Array;
  /** [width, 2] */
  private readonly third: Int32Array;
  private readonly skip: Int32Array;
  private readonly skipBias: Int32Array;
  private readonly hidden: Int32Array;
  private readonly hidden2: Int32Array;
  private readonly around: Int32Array;
  /** What `look` finds where all contexts are zero, as over most of a picture. */
  private readonly quiet: { readonly table: number; readonly centre: number };

  /** For the latents of one level in grids of one stride. */
  constructor(
    network: ReadonlyMap<string, HostTensor>,
    { contexts, contextWidth }: LatentImageOptions,
    level: number,
    stride: number,
  ) {
    this.count = contexts;
    // The last unit, which is one, is a bias here.
    this.width = contextWidth - 1;
    this.offsets = Int32Array.from(contextOffsets(contexts), ([dy, dx]) => dy * stride + dx);
    const { width } = this;
    const fixed = (name: string) =>
      Int32Array.from(network.get(name)!.data, (value) => Math.round(value * (1 << PARAMETER_BITS)));
    const first = fixed('context.0');
    const skip = fixed('context.skip');
    const biasOf = (weights: Int32Array, outputs: number) =>
      Int32Array.from(
        { length: outputs },
        (_, j) => weights[contexts * outputs + j]! * level + weights[(contexts + 1) * outputs + j]!,
      );
    this.first = first.subarray(0, contexts * width);
    this.firstBias = biasOf(first, width);
    this.skip = skip.subarray(0, contexts * 2);
    this.skipBias = biasOf(skip, 2);
    const second = fixed('context.1');
    this.second = second.subarray(0, width * width);
    this.secondBias = second.subarray(width * width).map((value) => value << PARAMETER_BITS);
    this.third = fixed('context.2');
    this.hidden = new Int32Array(width);
    this.hidden2 = new Int32Array(width);
    this.around = new Int32Array(contexts);
    this.compute();
    this.quiet = { table: this.table, centre: this.centre };
  }

  /** Finds the distribution of the latent at an index of a padded grid. */
  look(latents: Int32Array, at: number): void {
    const { offsets, around, count } = this;
    let any = 0;
    for (let k = 0; k < count; k++) {
      const value = latents[at + offsets[k]!]!;
      around[k] = value;
      any |= value;
    }
    if (any === 0) {
      this.table = this.quiet.table;
      this.centre = this.quiet.centre;
    } else this.compute();
  }

  private compute(): void {
    const { count, width, around, first, second, third, skip, hidden, hidden2 } = this;
    let mean = this.skipBias[0]!;
    let logScale = this.skipBias[1]!;
    hidden.set(this.firstBias);
    for (let k = 0; k < count; k++) {
      let value = around[k]!;
      if (value === 0) continue;
      if (value > MAX_CONTEXT) value = MAX_CONTEXT;
      else if (value < -MAX_CONTEXT) value = -MAX_CONTEXT;
      mean = (mean + Math.imul(value, skip[2 * k]!)) | 0;
      logScale = (logScale + Math.imul(value, skip[2 * k + 1]!)) | 0;
      const row = k * width;
      for (let j = 0; j < width; j++) hidden[j] = (hidden[j]! + Math.imul(value, first[row + j]!)) | 0;
    }
    hidden2.set(this.secondBias);
    for (let i = 0; i < width; i++) {
      let value = hidden[i]!;
      if (value <= 0) continue;
      if (value > MAX_UNIT) value = MAX_UNIT;
      const row = i * width;
      for (let j = 0; j < width; j++) hidden2[j] = (hidden2[j]! + Math.imul(value, second[row + j]!)) | 0;
    }
    let meanSum = third[2 * width]! << PARAMETER_BITS;
    let scaleSum = third[2 * width + 1]! << PARAMETER_BITS;
    for (let i = 0; i < width; i++) {
      let value = (hidden2[i]! + ROUNDING) >> PARAMETER_BITS;
      if (value <= 0) continue;
      if (value > MAX_UNIT) value = MAX_UNIT;
      meanSum = (meanSum + Math.imul(value, third[2 * i]!)) | 0;
      scaleSum = (scaleSum + Math.imul(value, third[2 * i + 1]!)) | 0;
    }
    mean = (mean + ((meanSum + ROUNDING) >> PARAMETER_BITS)) | 0;
    logScale = (logScale + ((scaleSum + ROUNDING) >> PARAMETER_BITS)) | 0;
    this.table = laplaceIndex(mean, logScale);
    this.centre = roundedMean(mean);
  }
}
