import type { Layout, LayoutShape } from './layout.ts';

/** A stream for each codebook, frame by frame. */
export function parallel(shape: LayoutShape): Layout {
  return {
    shape,
    streams: shape.codebooks,
    place: (codebook, index) => ({ stream: codebook, position: index }),
  };
}
