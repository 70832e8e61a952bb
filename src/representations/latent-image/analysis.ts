import type { HostTensor } from '../../core/tensor.ts';
import { gridSizes, type Size } from './geometry.ts';
import type { LatentImageOptions } from './options.ts';
import type { Picture } from './picture.ts';

/** Taps of a 3 x 3 filter in each channel. */
const NEIGHBOURS = 9;

/** Weights of a level's filter: [9 * channels], by row, column and channel. */
export function analysisName(level: number): string {
  return `analysis.${level}`;
}

/**
 * Latents to begin with: filters of the levels of a picture's Laplacian pyramid (Burt & Adelson 1983), made by least squares
 * from the latents of fitted pictures. Only encoders need it.
 * @returns per level [rows, columns]; undefined where there are no filters for a picture of so many channels
 */
export function analyse(
  picture: Picture,
  options: LatentImageOptions,
  weights: ReadonlyMap<string, HostTensor>,
): Float32Array[] | undefined {
  const filters = Array.from({ length: options.levels }, (_, level) => weights.get(analysisName(level)));
  if (filters.some((filter) => filter?.data.length !== NEIGHBOURS * picture.channels)) return undefined;
  const sizes = gridSizes(options, [picture.height, picture.width]);
  return laplacianPyramid(picture, options).map((values, level) => {
    const { data } = filters[level]!;
    return Float32Array.from({ length: values.length / picture.channels }, (_, i) => {
      let sum = 0;
      forNeighbours(sizes[level]!, picture.channels, i, (at, tap) => {
        sum += data[tap]! * values[at]!;
      });
      return sum;
    });
  });
}

/** Calls `each` for the values around position `i` of a level, edges repeated, with the tap of the filter they meet. */
export function forNeighbours(
  [rows, columns]: Size,
  channels: number,
  i: number,
  each: (at: number, tap: number) => void,
): void {
  const [y, x] = [Math.floor(i / columns), i % columns];
  let tap = 0;
  for (let dy = -1; dy <= 1; dy++) {
    const row = Math.max(0, Math.min(rows - 1, y + dy)) * columns;
    for (let dx = -1; dx <= 1; dx++) {
      const at = (row + Math.max(0, Math.min(columns - 1, x + dx))) * channels;
      for (let c = 0; c < channels; c++) each(at + c, tap++);
    }
  }
}

/** Per level, what the next coarser one leaves over; the coarsest less middle grey. [rows, columns, channels] */
export function laplacianPyramid(picture: Picture, options: LatentImageOptions): Float32Array[] {
  const { width, height, channels, data } = picture;
  const sizes = gridSizes(options, [height, width]);
  const levels: Float32Array[] = [data];
  for (let l = 1; l < sizes.length; l++)
    levels.push(halved(levels[l - 1]!, sizes[l - 1]!, sizes[l]!, channels));
  return levels.map((values, l) => {
    if (l === levels.length - 1) return values.map((value) => value - 0.5);
    const coarse = levels[l + 1]!;
    const [, columns] = sizes[l]!;
    const [coarseRows, coarseColumns] = sizes[l + 1]!;
    // Linear interpolation: the filters make up for what it misses.
    return values.map((value, i) => {
      const c = i % channels;
      const pixel = (i - c) / channels;
      const [y, x] = [Math.floor(pixel / columns) / 2 - 0.25, (pixel % columns) / 2 - 0.25];
      const [y0, x0] = [Math.floor(y), Math.floor(x)];
      const at = (row: number, column: number) => {
        const r = Math.max(0, Math.min(coarseRows - 1, row));
        const k = Math.max(0, Math.min(coarseColumns - 1, column));
        return coarse[(r * coarseColumns + k) * channels + c]!;
      };
      const [fy, fx] = [y - y0, x - x0];
      const upper = at(y0, x0) * (1 - fx) + at(y0, x0 + 1) * fx;
      const lower = at(y0 + 1, x0) * (1 - fx) + at(y0 + 1, x0 + 1) * fx;
      return value - (upper * (1 - fy) + lower * fy);
    });
  });
}

/** Means of 2 x 2 pixels, edges repeated. */
function halved(
  values: Float32Array,
  [rows, columns]: Size,
  [halfRows, halfColumns]: Size,
  channels: number,
): Float32Array {
  const half = new Float32Array(halfRows * halfColumns * channels);
  for (let y = 0; y < halfRows; y++) {
    for (let x = 0; x < halfColumns; x++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (const row of [2 * y, Math.min(2 * y + 1, rows - 1)]) {
          for (const column of [2 * x, Math.min(2 * x + 1, columns - 1)]) {
            sum += values[(row * columns + column) * channels + c]!;
          }
        }
        half[(y * halfColumns + x) * channels + c] = sum / 4;
      }
    }
  }
  return half;
}
