import type { Geometry } from './geometry.ts';
import { type FrameNetworkSizes, shapesFor } from './plan.ts';

/**
 * Multiplications of the decoder per pixel of a frame, of its convolutions: each filter at every place of the image that it
 * is applied to.
 */
export function macPerPixel(
  width: number,
  sizes: FrameNetworkSizes,
  geometry: Geometry,
  frame: { readonly width: number; readonly height: number },
): number {
  let sum = 0;
  for (const [name, shape] of shapesFor(width, sizes, geometry)) {
    if (shape.length !== 4) continue;
    sum += placesOf(name, geometry) * shape.reduce((product, d) => product * d, 1);
  }
  return Math.round(sum / (frame.width * frame.height));
}

/** Places of the image that a filter is applied to, by its name: inside a block, before or after it is made larger. */
function placesOf(name: string, { strides, grid }: Geometry): number {
  const places = grid[0] * grid[1];
  if (name.startsWith('place.')) return 1;
  if (name.startsWith('head.')) return places * strides.reduce((product, s) => product * s ** 2, 1);
  const block = /^block\.(\d+)\.(\w+)/.exec(name);
  if (!block) return places;
  const larger = strides.slice(0, Number(block[1]) + (block[2] === 'after' ? 1 : 0));
  return larger.reduce((product, s) => product * s ** 2, places);
}
