import { CodecError } from '../../core/errors.ts';
import type { Layout, LayoutShape } from './layout.ts';

/**
 * As many streams as codebooks, each taking every such frame and giving its codebooks one after another (the stack); stream s
 * is s * `delay` positions late (Le Lan et al. 2023). With the default delay, the number of codebooks, a frame is complete
 * before the next one begins in the next stream, and what is decoded at once are frames far from each other.
 *
 * A frame's codebook depends on all coarser ones of its frame, as in `flatten`, at one position a frame, as in `delay`.
 */
export function stackDelay(
  shape: LayoutShape,
  { delay: late = shape.codebooks }: { delay?: number } = {},
): Layout {
  const { codebooks } = shape;
  if (!Number.isSafeInteger(late) || late < 1) {
    throw new CodecError('bad-argument', {
      what: 'this delay does not fit',
      found: `${late}`,
      expected: 'a whole number from 1',
    });
  }
  return {
    shape,
    streams: codebooks,
    place(codebook, index) {
      const stream = index % codebooks;
      return { stream, position: index - stream + codebook + stream * late };
    },
  };
}
