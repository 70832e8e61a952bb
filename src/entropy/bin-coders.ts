import type { BinDecoder, BinEncoder } from './bins.ts';
import { CabacDecoder, CabacEncoder } from './cabac.ts';
import { TwoRateDecoder, TwoRateEncoder } from './two-rate.ts';

export interface BinCoder {
  readonly about: string;
  encoder(contexts: number): BinEncoder;
  decoder(bytes: Uint8Array, contexts: number): BinDecoder;
}

/** Every adaptive binary coder. */
export const binCoders = {
  cabac: {
    about: 'engine of H.264 and HEVC: 64 probability states, tables for products',
    encoder: (contexts) => new CabacEncoder(contexts),
    decoder: (bytes, contexts) => new CabacDecoder(bytes, contexts),
  },
  'two-rate': {
    about: 'mean of a fast and a slow 16-bit probability, as in VVC and NNC; closer to the entropy',
    encoder: (contexts) => new TwoRateEncoder(contexts),
    decoder: (bytes, contexts) => new TwoRateDecoder(bytes, contexts),
  },
} as const satisfies Record<string, BinCoder>;

export type BinCoderName = keyof typeof binCoders;

export const binCoderNames = Object.keys(binCoders) as BinCoderName[];
