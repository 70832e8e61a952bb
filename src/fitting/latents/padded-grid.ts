import { float32, type HostTensor } from '../../core/tensor.ts';
import { PADDING } from './context-shape.ts';

/** Largest magnitude of a latent. */
export const MAX_LATENT = 2 ** 15 - 1;

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

/** Latents nearest to fitted values, [rows, columns]. */
export function roundedGrid(values: Float32Array, [rows, columns]: readonly [number, number]): PaddedGrid {
  const grid = paddedGrid(rows, columns);
  for (let y = 0; y < rows; y++) {
    const start = rowStart(grid, y);
    for (let x = 0; x < columns; x++) {
      const value = Math.round(values[y * columns + x]!);
      grid.latents[start + x] = Math.max(-MAX_LATENT, Math.min(MAX_LATENT, value));
    }
  }
  return grid;
}

/** A window of a grid, its edges repeated outside. */
export function windowOf(
  grid: PaddedGrid,
  [top, left]: readonly [number, number],
  [height, width]: readonly [number, number],
): HostTensor {
  const window = float32([height, width]);
  for (let y = 0; y < height; y++) {
    const start = rowStart(grid, Math.max(0, Math.min(grid.rows - 1, top + y)));
    for (let x = 0; x < width; x++) {
      const column = Math.max(0, Math.min(grid.columns - 1, left + x));
      window.data[y * width + x] = grid.latents[start + column]!;
    }
  }
  return window;
}
