import { PARAMETER_BITS } from '../../entropy/laplace.ts';
import type { NetworkPart } from '../network.ts';

/** What a latent's distribution depends on, and how wide the network is that tells it. */
export interface ContextShape {
  /** What the names of its tensors begin with. */
  readonly name: string;
  /** Latents before a latent, of its own grid. */
  readonly contexts: number;
  /** Other integers that are known by then. */
  readonly beside: number;
  /** Units in the hidden layers; one of them is a bias. */
  readonly width: number;
}

export const MAX_CONTEXTS = 24;
/** Latents before and beside a grid that contexts may reach. */
export const PADDING = 3;
/** Weights are at most this: sums of the products fit 32 bits. */
const WEIGHT_LIMIT = 7.75;

/** The nearest latents before one in the order of coding, as [rows, columns] from it. */
export function contextOffsets(count: number): (readonly [number, number])[] {
  const all: (readonly [number, number])[] = [];
  for (let dy = -PADDING; dy <= 0; dy++) {
    for (let dx = -PADDING; dx <= PADDING; dx++) if (dy < 0 || dx < 0) all.push([dy, dx]);
  }
  const distance = ([dy, dx]: readonly [number, number]) => dy * dy + dx * dx;
  return all.toSorted((a, b) => distance(a) - distance(b) || b[0] - a[0] || a[1] - b[1]).slice(0, count);
}

/** The network's tensors: inputs are the contexts, what is beside, and a one; the last row of each matrix is a bias. */
export function contextPart({ name, contexts, beside, width }: ContextShape): NetworkPart {
  const inputs = contexts + beside + 1;
  return {
    name,
    exponents: [3, 8],
    limit: WEIGHT_LIMIT,
    knownBits: PARAMETER_BITS,
    tensors: [
      { name: `${name}.0`, shape: [inputs, width - 1] },
      { name: `${name}.1`, shape: [width, width - 1] },
      { name: `${name}.2`, shape: [width, 2] },
      { name: `${name}.skip`, shape: [inputs, 2] },
    ],
  };
}

/** Multiplications with additions for each latent. */
export function macPerLatent({ contexts, beside, width }: ContextShape): number {
  return (contexts + beside + 1) * (width + 1) + width * (width + 1);
}
