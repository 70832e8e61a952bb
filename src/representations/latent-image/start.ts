import { Rng } from '../../core/rng.ts';
import { float32, type HostTensor } from '../../core/tensor.ts';
import { gridSizes, type LatentImageOptions, networkParts, type Size } from './geometry.ts';
import type { Picture } from './picture.ts';

/** Where a fit begins. */
export interface Start {
  readonly network: ReadonlyMap<string, HostTensor>;
  /** Per level, [rows, columns], in units that will be rounded. */
  readonly grids: readonly Float32Array[];
}

/** Keys' cubic (1981, a = -0.5) half a pixel off: at distances 1.75, 0.75, 0.25, 1.25. */
const CUBIC = [-0.0234375, 0.2265625, 0.8671875, -0.0703125];

/**
 * A start that is a picture already: latents are the Laplacian pyramid of the mean of the channels, in steps as coarse as
 * lambda makes them, upsampling is cubic, and the synthesis adds the levels up.
 */
export function pyramidStart(
  picture: Picture,
  options: LatentImageOptions,
  lambda: number,
  seed: number,
): Start {
  const { channels } = picture;
  const rng = new Rng(seed);
  const network = new Map<string, HostTensor>();
  for (const { tensors } of networkParts(options, channels)) {
    for (const { name, shape } of tensors) {
      const [inputs, outputs] = shape as [number, number];
      const bound = Math.sqrt(3 / inputs);
      const tensor = float32(shape);
      for (let i = 0; i < (inputs - 1) * outputs; i++) tensor.data[i] = bound * (2 * rng.uniform() - 1);
      network.set(name, tensor);
    }
  }
  const step = stepOf(lambda);
  const scale = (name: string, factor: number) => {
    const { data } = network.get(name)!;
    for (let i = 0; i < data.length; i++) data[i]! *= factor;
  };
  for (const name of ['context.2', 'context.skip', 'synthesis.2', 'synthesis.3']) scale(name, 0);
  scale('synthesis.0', 0.3);
  scale('synthesis.1', 0.1);
  const upsampling = network.get('upsampling')!.data;
  for (let i = 0; i < upsampling.length; i++) upsampling[i] = CUBIC[i % 4]!;
  const skip = network.get('synthesis.skip')!.data;
  const means = meansOf(picture);
  for (let l = 0; l < options.levels; l++) skip.fill(step, l * channels, (l + 1) * channels);
  for (let c = 0; c < channels; c++) skip[options.levels * channels + c] = means[c]!;
  return { network, grids: pyramid(picture, options, means, step) };
}

/** Of a uniform quantizer at the slope of the rate-distortion curve, dD/dR = -2 ln 2 step^2 / 12, that lambda asks for. */
function stepOf(lambda: number): number {
  return Math.sqrt((12 * lambda) / (2 * Math.LN2));
}

function meansOf({ channels, data }: Picture): number[] {
  const sums = new Array<number>(channels).fill(0);
  for (let i = 0; i < data.length; i++) sums[i % channels]! += data[i]!;
  return sums.map((sum) => (sum * channels) / data.length);
}

function pyramid(
  { width, height, channels, data }: Picture,
  options: LatentImageOptions,
  means: readonly number[],
  step: number,
): Float32Array[] {
  const mean = means.reduce((sum, value) => sum + value, 0) / channels;
  const sizes = gridSizes(options, [height, width]);
  const levels: Float32Array[] = [new Float32Array(width * height)];
  for (let i = 0; i < data.length; i++) levels[0]![Math.floor(i / channels)]! += data[i]! / channels;
  levels[0] = levels[0]!.map((value) => value - mean);
  for (let l = 1; l < sizes.length; l++) levels.push(halved(levels[l - 1]!, sizes[l - 1]!, sizes[l]!));
  return levels.map((values, l) => {
    if (l === levels.length - 1) return values.map((value) => value / step);
    const coarse = doubled(levels[l + 1]!, sizes[l + 1]!, sizes[l]!);
    return values.map((value, i) => (value - coarse[i]!) / step);
  });
}

/** Means of 2 x 2 values, edges repeated. */
function halved(values: Float32Array, [rows, columns]: Size, [halfRows, halfColumns]: Size): Float32Array {
  const at = (y: number, x: number) => values[Math.min(y, rows - 1) * columns + Math.min(x, columns - 1)]!;
  return Float32Array.from({ length: halfRows * halfColumns }, (_, i) => {
    const [y, x] = [2 * Math.floor(i / halfColumns), 2 * (i % halfColumns)];
    return (at(y, x) + at(y, x + 1) + at(y + 1, x) + at(y + 1, x + 1)) / 4;
  });
}

/** Cubic interpolation, edges repeated. */
function doubled(values: Float32Array, [rows, columns]: Size, [outRows, outColumns]: Size): Float32Array {
  const wide = new Float32Array(rows * outColumns);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < outColumns; x++) {
      wide[y * outColumns + x] = interpolated((i) => values[y * columns + i]!, x, columns);
    }
  }
  const result = new Float32Array(outRows * outColumns);
  for (let y = 0; y < outRows; y++) {
    for (let x = 0; x < outColumns; x++) {
      result[y * outColumns + x] = interpolated((i) => wide[i * outColumns + x]!, y, rows);
    }
  }
  return result;
}

function interpolated(at: (i: number) => number, position: number, size: number): number {
  const odd = position % 2;
  const base = (position - odd) / 2;
  let sum = 0;
  for (let j = 0; j < 4; j++) {
    const index = odd ? base + 2 - j : base + j - 2;
    sum += CUBIC[j]! * at(Math.max(0, Math.min(size - 1, index)));
  }
  return sum;
}
