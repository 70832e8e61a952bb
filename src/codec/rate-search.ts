import { CodecError } from '../core/errors.ts';
import type { Fitted } from '../fitting/representation.ts';
import type { Attempt } from './fitted-codec.ts';

/** Shares of the steps that go into the first fit and into each that starts where another ended. */
const FIRST_SHARE = 0.6;
const WARM_SHARE = 0.25;
const MAX_FITS = 8;
/** Fits that are this close below the bound are close enough. */
const CLOSE = 0.97;
/** How the rate goes with lambda before two fits have told: bpp ~ lambda^SLOPE. What they tell is believed down to FLATTEST. */
const SLOPE = -0.65;
const FLATTEST = -0.1;
const MAX_LAMBDA = 10;

/**
 * Fits with a lambda that takes at most `bpp`, and not much less: each fit starts from the last, with the lambda that those
 * so far make likely. Stops at an interrupted one.
 * @param say a rate in words
 * @returns the best of them; `interrupted` tells of the search
 * @throws `bad-argument` when none takes so little
 */
export async function withinRate(
  bpp: number,
  firstLambda: number,
  attemptAt: (lambda: number, share: number, from: Fitted | undefined) => Promise<Attempt>,
  say: (bpp: number) => string,
): Promise<Attempt & { readonly interrupted: boolean }> {
  let best: Attempt | undefined;
  const attempts: Attempt[] = [];
  let lambda = firstLambda;
  for (let n = 0; n < MAX_FITS; n++) {
    const attempt = await attemptAt(lambda, n === 0 ? FIRST_SHARE : WARM_SHARE, attempts.at(-1)?.fitted);
    attempts.push(attempt);
    if (attempt.bpp <= bpp && !(best && best.bpp > attempt.bpp)) best = attempt;
    if (attempt.fitted.interrupted || (best && best.bpp >= CLOSE * bpp)) break;
    if (best && n >= 4) break;
    lambda = nextLambda(bpp, attempts);
    if (attempts.some((each) => each.lambda === lambda)) break;
  }
  if (best) return { ...best, interrupted: attempts.at(-1)!.fitted.interrupted };
  const least = Math.min(...attempts.map((each) => each.bpp));
  throw new CodecError('bad-argument', {
    what: `cannot code this in ${say(bpp)}`,
    found: `${say(least)} at least so far`,
    remedy: 'Allow more, or let it fit for longer with --preset.',
  });
}

function nextLambda(bpp: number, attempts: readonly Attempt[]): number {
  const last = attempts.at(-1)!;
  const above = attempts.filter((each) => each.bpp > bpp).toSorted((a, b) => a.bpp - b.bpp)[0];
  const below = attempts.filter((each) => each.bpp <= bpp).toSorted((a, b) => b.bpp - a.bpp)[0];
  const [a, b] = above && below ? [above, below] : attempts.slice(-2);
  const slope =
    a && b && Math.abs(a.bpp / b.bpp - 1) > 0.001
      ? Math.min(FLATTEST, Math.log(a.bpp / b.bpp) / Math.log(a.lambda / b.lambda))
      : SLOPE;
  const base = below ?? last;
  // A little below the bound: just above it would be another fit.
  const next = base.lambda * ((0.99 * bpp) / base.bpp) ** (1 / slope);
  return Math.min(MAX_LAMBDA, next);
}
