import type { EntropyCoder } from './entropy-coder.ts';
import { rawCoder } from './raw.ts';
import { StaticRangeCoder } from './static-range.ts';

/** What a model tells its entropy coder. */
export interface EntropyModel {
  readonly codebookSize: number;
  /** [codebooks, codebookSize], rows as `frequenciesFromCounts` makes them; absent in models without tables. */
  readonly frequencies?: Int32Array;
}

/** Every entropy coder by the name recipes use. */
export const entropyCoders = {
  none: {
    about: 'plain bits',
    create: (_: EntropyModel): EntropyCoder => rawCoder,
  },
  static: {
    about:
      "range coder with one fixed table per codebook, kept with the model's weights (without: plain bits)",
    create: ({ codebookSize, frequencies }: EntropyModel): EntropyCoder =>
      frequencies ? new StaticRangeCoder(frequencies, codebookSize) : rawCoder,
  },
} as const;

export type EntropyCoderName = keyof typeof entropyCoders;

export const entropyCoderNames = Object.keys(entropyCoders) as EntropyCoderName[];
