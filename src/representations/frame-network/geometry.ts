import { CodecError } from '../../core/errors.ts';

/** Rows and columns. */
export type Size = readonly [number, number];

/** How frames of a size are taken down to a small grid and up again. */
export interface Geometry {
  /** Factors from the grid to the frame, the first next to the grid. */
  readonly strides: readonly number[];
  readonly grid: Size;
  /** The grid times all strides: the frame, filled up on the right and at the bottom. */
  readonly padded: Size;
}

/** Products of strides to choose from: powers of two with at most one five, the larger factors next to the grid. */
const TOTALS = [2, 4, 5, 8, 10, 16, 20, 32, 40, 64, 80, 128, 160, 256, 320, 512, 640];
/** Rows or columns, whichever are fewer, that a grid should have at least and at most. */
const FEWEST = 2;
const MOST = 4;
/** Frames beyond this many pixels would take more memory to fit than most machines have. */
const MAX_PIXELS = 4096 * 2304;
/** Places of a grid: only frames that are much longer than wide have more. */
const MAX_PLACES = 2 ** 13;

/** A function of the size alone, so that files need not tell. Throws `bad-video` for frames that are too large. */
export function geometryOf(width: number, height: number): Geometry {
  if (width * height > MAX_PIXELS) {
    throw new CodecError('bad-video', {
      what: 'these frames are too large to fit a network to',
      found: `${width} x ${height}`,
      expected: `at most ${MAX_PIXELS} pixels`,
      remedy: 'Scale the video down first, e.g. ffmpeg -i IN -vf scale=1920:-2 OUT.mkv',
    });
  }
  let best: { readonly total: number; readonly pixels: number } | undefined;
  for (const total of TOTALS) {
    const rows = Math.ceil(height / total);
    const columns = Math.ceil(width / total);
    const fewer = Math.min(rows, columns);
    if (fewer < FEWEST || fewer > MOST) continue;
    const pixels = rows * columns * total * total;
    if (!best || pixels <= best.pixels) best = { total, pixels };
  }
  // Frames of a few pixels, or very long ones.
  const total = best?.total ?? (Math.min(width, height) <= FEWEST ? 2 : TOTALS.at(-1)!);
  const grid: Size = [Math.ceil(height / total), Math.ceil(width / total)];
  if (grid[0] * grid[1] > MAX_PLACES) {
    throw new CodecError('bad-video', {
      what: 'these frames are too long to fit a network to',
      found: `${width} x ${height}`,
      expected: `a grid of at most ${MAX_PLACES} places, ${total} pixels apart`,
      remedy: 'Cut the frames into parts, e.g. ffmpeg -i IN -vf crop=iw/2:ih:0:0 OUT.mkv',
    });
  }
  return { strides: factorsOf(total), grid, padded: [grid[0] * total, grid[1] * total] };
}

function factorsOf(total: number): number[] {
  const factors: number[] = [];
  let rest = total;
  if (rest % 5 === 0) {
    factors.push(5);
    rest /= 5;
  }
  // Fours as far as a two remains for the last block, whose pixels are many.
  while (rest > 4) {
    factors.push(rest === 8 ? 2 : 4);
    rest /= factors.at(-1)!;
  }
  while (rest > 1) {
    factors.push(2);
    rest /= 2;
  }
  return factors.toSorted((a, b) => b - a);
}

/** The frame's samples within the padded frame, edges repeated, from 8 bits to [0, 1]. */
export function padFrame(
  frame: Uint8Array,
  width: number,
  height: number,
  [rows, columns]: Size,
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(rows * columns * 3);
  for (let y = 0; y < rows; y++) {
    const from = Math.min(y, height - 1) * width;
    for (let x = 0; x < columns; x++) {
      const at = 3 * (from + Math.min(x, width - 1));
      const to = 3 * (y * columns + x);
      for (let c = 0; c < 3; c++) result[to + c] = frame[at + c]! / 255;
    }
  }
  return result;
}
