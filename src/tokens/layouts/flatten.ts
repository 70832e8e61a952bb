import type { Layout, LayoutShape } from './layout.ts';

/** One stream: all codebooks of the first frame, then those of the second, ... (MusicGen's flattening, Copet et al. 2023). */
export function flatten(shape: LayoutShape): Layout {
  return {
    shape,
    streams: 1,
    place: (codebook, index) => ({ stream: 0, position: index * shape.codebooks + codebook }),
  };
}
