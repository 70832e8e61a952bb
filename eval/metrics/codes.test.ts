import { describe, expect, it } from 'vitest';
import { codebookUtilisation, normalisedEntropy, perplexity } from '../../src/index.ts';
import { bitrateKbps, bitsPerPixel, nominalBitrateKbps, tokensPerSecond } from './bitrate.ts';

const codesOf = (codebooks: number, codebookSize: number, indices: number[]) => ({
  indices: Int32Array.from(indices),
  codebooks,
  codebookSize,
  frames: indices.length / codebooks,
});

describe('rates', () => {
  it('of EnCodec at 6 kbps', () => {
    const codes = codesOf(8, 1024, new Array(8 * 750).fill(0));
    expect(nominalBitrateKbps(codes, 10)).toBe(6);
    expect(tokensPerSecond(codes, 10)).toBe(600);
  });

  it('of files', () => {
    expect(bitrateKbps(7500, 10)).toBe(6);
    expect(bitsPerPixel(49152, 768 * 512)).toBe(1);
    expect(() => bitrateKbps(1, 0)).toThrow('found durationSeconds 0, expected a positive number');
    expect(() => bitsPerPixel(1, Number.NaN)).toThrow('found pixels NaN');
  });
});

describe('use of codebooks', () => {
  it('all entries equally often', () => {
    const codes = codesOf(2, 4, [0, 1, 2, 3, 3, 2, 1, 0]);
    expect(codebookUtilisation(codes)).toBe(1);
    expect(perplexity(codes)).toBeCloseTo(4, 12);
    expect(normalisedEntropy(codes)).toBeCloseTo(1, 12);
  });

  it('one entry only', () => {
    const codes = codesOf(1, 8, [5, 5, 5]);
    expect(codebookUtilisation(codes)).toBe(1 / 8);
    expect(perplexity(codes)).toBe(1);
    expect(normalisedEntropy(codes)).toBe(0);
  });

  it('is averaged over codebooks', () => {
    // 1/2, 1/4, 1/4: 1.5 bits; and always the same: 0 bits.
    const codes = codesOf(2, 4, [0, 0, 1, 2, 3, 3, 3, 3]);
    expect(codebookUtilisation(codes)).toBe((3 / 4 + 1 / 4) / 2);
    expect(perplexity(codes)).toBeCloseTo((2 ** 1.5 + 1) / 2, 12);
    expect(normalisedEntropy(codes)).toBeCloseTo(0.75 / 2, 12);
  });

  it('refuses no codes', () => {
    expect(() => perplexity(codesOf(2, 4, []))).toThrow('2 codebooks of 0 frames');
  });
});
