import type { Codes } from './codes.ts';
import { CodecError } from './errors.ts';

/** Statistics of the use of each codebook, in the order of codebooks. */
export interface CodebookUse {
  /** Part of the entries that occur, 0 to 1; at most frames / codebook size. */
  readonly utilisation: number[];
  /** exp(entropy) of the indices' distribution, 1 to the codebook size. */
  readonly perplexity: number[];
  /** Entropy over its maximum, log2(codebook size): 0 (always one entry) to 1 (all equally frequent). */
  readonly normalisedEntropy: number[];
}

/** How often each entry of each codebook occurs, over any number of signals. */
export class CodeCounts {
  readonly codebooks: number;
  readonly codebookSize: number;
  /** `counts[q][i]`: occurrences of entry i of codebook q. */
  readonly counts: readonly Float64Array[];

  constructor({ codebooks, codebookSize }: Pick<Codes, 'codebooks' | 'codebookSize'>) {
    this.codebooks = codebooks;
    this.codebookSize = codebookSize;
    this.counts = Array.from({ length: codebooks }, () => new Float64Array(codebookSize));
  }

  /** Frames counted so far, each codebook's indices being as many. */
  get frames(): number {
    return this.counts[0]?.reduce((sum, count) => sum + count, 0) ?? 0;
  }

  add({ indices, frames }: Pick<Codes, 'indices' | 'frames'>): void {
    for (let q = 0; q < this.codebooks; q++) {
      const counts = this.counts[q]!;
      for (let t = 0; t < frames; t++) counts[indices[q * frames + t]!]!++;
    }
  }

  /** Adds what was counted elsewhere. */
  merge(counts: readonly ArrayLike<number>[]): void {
    for (const [q, own] of this.counts.entries()) {
      for (let i = 0; i < own.length; i++) own[i]! += counts[q]![i]!;
    }
  }

  /** Throws `bad-argument` before anything was counted. */
  use(): CodebookUse {
    if (this.frames === 0) {
      throw new CodecError('bad-argument', {
        what: 'cannot compute a statistic of codes',
        found: `${this.codebooks} codebooks of 0 frames`,
        expected: 'at least one index',
      });
    }
    const bits = this.counts.map(entropyBits);
    const most = Math.log2(this.codebookSize);
    return {
      utilisation: this.counts.map(
        (counts) => counts.filter((count) => count > 0).length / this.codebookSize,
      ),
      perplexity: bits.map((entropy) => 2 ** entropy),
      normalisedEntropy: bits.map((entropy) => (most > 0 ? entropy / most : 0)),
    };
  }
}

/** `CodebookUse.utilisation`, mean over codebooks. Throws `bad-argument` without codes. */
export function codebookUtilisation(codes: Codes): number {
  return mean(useOf(codes).utilisation);
}

/** `CodebookUse.perplexity`, mean over codebooks. Throws `bad-argument` without codes. */
export function perplexity(codes: Codes): number {
  return mean(useOf(codes).perplexity);
}

/** `CodebookUse.normalisedEntropy`, mean over codebooks. Throws `bad-argument` without codes. */
export function normalisedEntropy(codes: Codes): number {
  return mean(useOf(codes).normalisedEntropy);
}

function useOf(codes: Codes): CodebookUse {
  const counts = new CodeCounts(codes);
  counts.add(codes);
  return counts.use();
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function entropyBits(counts: Float64Array): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce(
    (bits, count) => (count > 0 ? bits - (count / total) * Math.log2(count / total) : bits),
    0,
  );
}
