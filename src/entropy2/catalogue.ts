import type { EntropyCoder } from './entropy-coder.ts';
import { frequenciesFrom } from './frequency-table.ts';
import { rawCoder } from './raw.ts';
import { staticRangeCoder } from './static-range.ts';

export interface EntropySizes {
  readonly codebooks: number;
  readonly codebookSize: number;
  /** [codebooks, codebookSize], from the weights; absent for untrained models. */
  readonly frequencies?: ArrayLike<number>;
}

/** Every entropy coder by the name recipes use. */
export const entropyCoders = {
  none: {
    about: 'plain bits',
    create: (_: EntropySizes): EntropyCoder => rawCoder,
  },
  static: {
    about: "range coder with the model's fixed table for each codebook",
    create: ({ codebooks, codebookSize, frequencies }: EntropySizes): EntropyCoder =>
      staticRangeCoder(frequencies ?? uniform(codebooks, codebookSize), codebookSize),
  },
} as const;

export type EntropyName = keyof typeof entropyCoders;

function uniform(codebooks: number, codebookSize: number): number[] {
  const row = [...frequenciesFrom(new Int32Array(codebookSize).fill(1))];
  return Array.from({ length: codebooks }, () => row).flat();
}
