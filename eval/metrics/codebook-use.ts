import { CodecError, type Codes } from '../../src/index.ts';

/**
 * Part of a codebook's entries that occur at least once, from 0 to 1, mean over codebooks. Short signals cannot reach 1: it
 * is at most frames / codebook size. Throws `bad-argument` without codes.
 */
export function codebookUtilisation(codes: Codes): number {
  return meanOverCodebooks(
    codes,
    (counts) => counts.filter((count) => count > 0).length / codes.codebookSize,
  );
}

/**
 * exp(entropy) of the indices' distribution: how many entries would be as hard to guess if all were equally frequent. From 1
 * to the codebook size, mean over codebooks; as for `codebookUtilisation`, at most the number of frames. Throws
 * `bad-argument` without codes.
 */
export function perplexity(codes: Codes): number {
  return meanOverCodebooks(codes, (counts) => 2 ** entropyBits(counts));
}

/**
 * Entropy of the indices' distribution over its maximum, log2(codebook size): from 0 (always one entry) to 1 (all equally
 * frequent), mean over codebooks. Throws `bad-argument` without codes.
 */
export function normalisedEntropy(codes: Codes): number {
  if (codes.codebookSize === 1) return meanOverCodebooks(codes, () => 0);
  return meanOverCodebooks(codes, (counts) => entropyBits(counts) / Math.log2(codes.codebookSize));
}

/** Mean of a statistic of how often each entry occurs. */
function meanOverCodebooks(codes: Codes, statistic: (counts: Uint32Array) => number): number {
  const { indices, codebooks, frames, codebookSize } = codes;
  if (codebooks * frames === 0) {
    throw new CodecError('bad-argument', {
      what: 'cannot compute a statistic of codes',
      found: `${codebooks} codebooks of ${frames} frames`,
      expected: 'at least one index',
    });
  }
  let sum = 0;
  for (let q = 0; q < codebooks; q++) {
    const counts = new Uint32Array(codebookSize);
    for (let t = 0; t < frames; t++) counts[indices[q * frames + t]!]!++;
    sum += statistic(counts);
  }
  return sum / codebooks;
}

function entropyBits(counts: Uint32Array): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce(
    (bits, count) => (count > 0 ? bits - (count / total) * Math.log2(count / total) : bits),
    0,
  );
}
