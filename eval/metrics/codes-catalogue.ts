import { codebookUtilisation, normalisedEntropy, perplexity } from '../../src/index.ts';
import { nominalBitrateKbps, tokensPerSecond } from './bitrate.ts';
import type { CodesMetric } from './metric.ts';

/** Statistics of codes, by name. */
export const codesMetrics = {
  'bitrate-nominal': {
    media: 'codes',
    about: 'bitrate before entropy coding: every index at log2(codebook size) bits',
    unit: 'kbps',
    better: 'lower',
    range: [0, Number.POSITIVE_INFINITY],
    source: 'codebooks x frames x log2(codebook size) / duration',
    compute: (codes, { durationSeconds }) => nominalBitrateKbps(codes, durationSeconds),
  },
  'tokens-per-second': {
    media: 'codes',
    about: 'indices per second, all codebooks together',
    unit: 'tokens/s',
    better: 'lower',
    range: [0, Number.POSITIVE_INFINITY],
    source: 'codebooks x frames / duration',
    compute: (codes, { durationSeconds }) => tokensPerSecond(codes, durationSeconds),
  },
  'codebook-utilisation': {
    media: 'codes',
    about: 'part of the entries that occur, mean over codebooks',
    unit: '',
    better: 'higher',
    range: [0, 1],
    source: 'count of distinct indices',
    compute: codebookUtilisation,
  },
  perplexity: {
    media: 'codes',
    about: 'exp(entropy) of the indices, mean over codebooks',
    unit: '',
    better: 'higher',
    range: [1, Number.POSITIVE_INFINITY],
    source: 'Shannon, 1948',
    compute: perplexity,
  },
  'normalised-entropy': {
    media: 'codes',
    about: 'entropy of the indices over its maximum, mean over codebooks',
    unit: '',
    better: 'higher',
    range: [0, 1],
    source: 'Shannon, 1948',
    compute: normalisedEntropy,
  },
} as const satisfies Record<string, CodesMetric>;
