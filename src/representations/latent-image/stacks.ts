import * as tf from '@tensorflow/tfjs-core';
import { HALO, type Size, type Tiling } from './geometry.ts';

/** From this level on windows are small: they lie in one plane, one below the other, which costs the engine less than many. */
const STACKED_FROM = 3;

/** Windows of some levels in one plane. */
export interface Stack {
  readonly size: Size;
  readonly windows: readonly { readonly level: number; readonly top: number; readonly size: Size }[];
}

/** All levels of a tile's windows, the large ones alone. */
export function stacksOf(tiling: Tiling): Stack[] {
  const groups: number[][] = [];
  for (let level = 0; level < tiling.levels; level++) {
    if (level <= STACKED_FROM) groups.push([]);
    groups.at(-1)!.push(level);
  }
  return groups.map((levels) => {
    let height = 0;
    const windows = levels.map((level) => {
      const size = tiling.window(level);
      height += size[0];
      return { level, top: height - size[0], size };
    });
    return { size: [height, Math.max(...windows.map(({ size }) => size[1]))], windows };
  });
}

/** Places of a stack whose neighbours are all in it. */
export function innerSize({ size: [height, width] }: Stack): Size {
  return [height - 2 * HALO, width - 2 * HALO];
}

/** Windows as one plane, zero beside them. */
export function join(stack: Stack, windowOf: (level: number) => tf.Tensor2D): tf.Tensor2D {
  const width = stack.size[1];
  const rows = stack.windows.map(({ level, size }) =>
    tf.pad(windowOf(level), [
      [0, 0],
      [0, width - size[1]],
    ]),
  );
  return rows.length === 1 ? windowOf(stack.windows[0]!.level) : tf.concat(rows, 0);
}

/** The windows of all levels back from their planes. */
export function separate(stacks: readonly Stack[], planes: readonly tf.Tensor2D[]): tf.Tensor2D[] {
  return stacks.flatMap(({ windows }, i) =>
    windows.map(({ top, size }) =>
      windows.length === 1 ? planes[i]! : tf.slice(planes[i]!, [top, 0], [...size]),
    ),
  );
}

/** A value for each place in the middle of a stack that belongs to a window's tile; else 0. */
export function fillCores(
  stack: Stack,
  valueAt: (level: number, y: number, x: number) => number,
): Float32Array<ArrayBuffer> {
  const [height, width] = innerSize(stack);
  const values = new Float32Array(height * width);
  for (const { level, top, size } of stack.windows) {
    for (let y = 0; y < size[0] - 2 * HALO; y++) {
      for (let x = 0; x < size[1] - 2 * HALO; x++) values[(top + y) * width + x] = valueAt(level, y, x);
    }
  }
  return values;
}
