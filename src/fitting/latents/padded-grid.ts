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
