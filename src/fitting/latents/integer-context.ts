import type { HostTensor } from '../../core/tensor.ts';
import { laplaceIndex, PARAMETER_BITS, roundedMean } from '../../entropy/laplace.ts';
import { type ContextShape, contextOffsets } from './context-shape.ts';

/** Latents, and what is beside, larger than this count as this large in contexts. */
const MAX_CONTEXT = 1023;
/** Hidden units are at most so large: 16 of them times the largest weights fit 32 bits. */
const MAX_UNIT = 2 ** 15 - 1;
const ROUNDING = 1 << (PARAMETER_BITS - 1);

/**
 * The context model in integers: latents before a latent, and what else is known, to the Laplace distribution it is coded with. Weights
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
  /** [beside + 1, width] */
  private readonly firstRest: Int32Array;
  /** Of the first layer, with what is beside. */
  private readonly firstBias: Int32Array;
  /** [width - 1, width], bias apart */
  private readonly second: Int32Array;
  private readonly secondBias: Int32Array;
  /** [width, 2] */
  private readonly third: Int32Array;
  private readonly skip: Int32Array;
  private readonly skipRest: Int32Array;
  private readonly skipBias = new Int32Array(2);
  private readonly hidden: Int32Array;
  private readonly hidden2: Int32Array;
  private readonly around: Int32Array;
  /** What `look` finds where all contexts are zero, as over most of a grid; undefined where that is not known yet. */
  private quiet: { readonly table: number; readonly centre: number } | undefined;

  /** For the latents of a grid of that stride. Nothing is beside them until `beside` says so. */
  constructor(network: ReadonlyMap<string, HostTensor>, shape: ContextShape, stride: number) {
    const { name, contexts } = shape;
    this.count = contexts;
    // The last unit, which is one, is a bias here.
    this.width = shape.width - 1;
    this.offsets = Int32Array.from(contextOffsets(contexts), ([dy, dx]) => dy * stride + dx);
    const { width } = this;
    const fixed = (layer: string) =>
      Int32Array.from(network.get(`${name}.${layer}`)!.data, (value) =>
        Math.round(value * (1 << PARAMETER_BITS)),
      );
    const first = fixed('0');
    const skip = fixed('skip');
    this.first = first.subarray(0, contexts * width);
    this.firstRest = first.subarray(contexts * width);
    this.firstBias = new Int32Array(width);
    this.skip = skip.subarray(0, contexts * 2);
    this.skipRest = skip.subarray(contexts * 2);
    const second = fixed('1');
    this.second = second.subarray(0, width * width);
    this.secondBias = second.subarray(width * width).map((value) => value << PARAMETER_BITS);
    this.third = fixed('2');
    this.hidden = new Int32Array(width);
    this.hidden2 = new Int32Array(width);
    this.around = new Int32Array(contexts);
    this.beside(new Int32Array(shape.beside));
  }

  /** Sets what is known besides the contexts for the latents to come. */
  beside(values: ArrayLike<number>): void {
    biasOf(this.firstRest, this.width, values, this.firstBias);
    biasOf(this.skipRest, 2, values, this.skipBias);
    this.quiet = undefined;
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
    if (any === 0 && this.quiet) {
      this.table = this.quiet.table;
      this.centre = this.quiet.centre;
      return;
    }
    this.compute();
    if (any === 0) this.quiet = { table: this.table, centre: this.centre };
  }

  private compute(): void {
    const { count, width, around, first, second, third, skip, hidden, hidden2 } = this;
    let mean = this.skipBias[0]!;
    let logScale = this.skipBias[1]!;
    hidden.set(this.firstBias);
    for (let k = 0; k < count; k++) {
      const value = limited(around[k]!);
      if (value === 0) continue;
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

/** The last row of some weights plus the others times values. */
function biasOf(rows: Int32Array, outputs: number, values: ArrayLike<number>, bias: Int32Array): void {
  const last = rows.length - outputs;
  for (let j = 0; j < outputs; j++) {
    let sum = rows[last + j]!;
    for (let i = 0; i < last / outputs; i++) {
      sum = (sum + Math.imul(limited(values[i]!), rows[i * outputs + j]!)) | 0;
    }
    bias[j] = sum;
  }
}

function limited(value: number): number {
  return value > MAX_CONTEXT ? MAX_CONTEXT : value < -MAX_CONTEXT ? -MAX_CONTEXT : value;
}
