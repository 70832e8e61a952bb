import type { Layout, LayoutShape } from './layout.ts';

/**
 * A stream for each codebook: the first codebook of the whole signal, then all others of the whole signal side by side
 * (VALL-E, Wang et al. 2023; drawn so by Copet et al. 2023).
 */
export function coarseFirst(shape: LayoutShape): Layout {
  return {
    shape,
    streams: shape.codebooks,
    place: (codebook, index, frames) => ({
      stream: codebook,
      position: codebook > 0 ? frames + index : index,
    }),
    framesLead: true,
  };
}
