import { CodecError } from '../../core/errors.ts';
import type { Layout, LayoutShape } from './layout.ts';

/** A stream for each codebook, codebook q `delays[q]` positions late. Throws `bad-argument` for delays that do not fit. */
export function delayed(shape: LayoutShape, delays: readonly number[]): Layout {
  if (delays.length !== shape.codebooks || !delays.every((d) => Number.isSafeInteger(d) && d >= 0)) {
    throw new CodecError('bad-argument', {
      what: 'these delays do not fit',
      found: delays.join(', ') || 'none',
      expected: `${shape.codebooks} whole numbers from 0`,
    });
  }
  return {
    shape,
    streams: shape.codebooks,
    place: (codebook, index) => ({ stream: codebook, position: index + delays[codebook]! }),
  };
}

/** Codebook q is q positions late: each is predicted from the coarser ones of its frame (MusicGen, Copet et al. 2023). */
export function delay(shape: LayoutShape): Layout {
  return delayed(
    shape,
    Array.from({ length: shape.codebooks }, (_, q) => q),
  );
}

/** All codebooks but the first, which carries the meaning, are `delay` positions late (Moshi, Défossez et al. 2024). */
export function acousticDelay(shape: LayoutShape, { delay: late = 1 }: { delay?: number } = {}): Layout {
  return delayed(
    shape,
    Array.from({ length: shape.codebooks }, (_, q) => (q > 0 ? late : 0)),
  );
}
