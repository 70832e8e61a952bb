import { CodecError } from '../../core/errors.ts';
import type { Layout, LayoutShape } from './layout.ts';

/**
 * One stream for codebooks of several rates: each frame is a tree, an entry of one codebook followed by the entries of the
 * next that fall into its time, depth first. For rates 1, 2, 4 (SNAC, Siuzdak et al. 2024) these are the 7 slots
 * c0 c1 c2 c2 c1 c2 c2 that speech models on SNAC use. With all rates 1 it is `flatten`.
 *
 * Throws `bad-argument` unless each rate divides the next.
 */
export function interleave(shape: LayoutShape): Layout {
  const { rates } = shape;
  if (rates.some((rate, q) => q > 0 && rate % rates[q - 1]! !== 0)) {
    throw new CodecError('bad-argument', {
      what: 'cannot interleave these codebooks',
      found: `rates ${rates.join(', ')}`,
      expected: 'rates of which each divides the next',
    });
  }
  /** `slots[q][i]`: position in the frame of the codebook's i-th entry. */
  const slots = rates.map((rate) => new Array<number>(rate));
  let next = 0;
  const walk = (codebook: number, entry: number) => {
    slots[codebook]![entry] = next++;
    if (codebook + 1 === rates.length) return;
    const children = rates[codebook + 1]! / rates[codebook]!;
    for (let i = 0; i < children; i++) walk(codebook + 1, entry * children + i);
  };
  walk(0, 0);
  return {
    shape,
    streams: 1,
    place(codebook, index) {
      const rate = rates[codebook]!;
      const frame = Math.floor(index / rate);
      return { stream: 0, position: frame * next + slots[codebook]![index % rate]! };
    },
  };
}
