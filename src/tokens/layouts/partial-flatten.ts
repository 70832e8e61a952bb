import type { Layout, LayoutShape } from './layout.ts';

/**
 * A stream for each codebook and two positions a frame: the first codebook, then all others at once
 * (partial flattening, Copet et al. 2023).
 */
export function partialFlatten(shape: LayoutShape): Layout {
  const steps = shape.codebooks > 1 ? 2 : 1;
  return {
    shape,
    streams: shape.codebooks,
    place: (codebook, index) => ({ stream: codebook, position: index * steps + (codebook > 0 ? 1 : 0) }),
  };
}
