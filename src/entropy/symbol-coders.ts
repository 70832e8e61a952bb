import { RangeDecoder, RangeEncoder } from './range-coder.ts';
import { RansDecoder, RansEncoder } from './rans.ts';
import type { SymbolDecoder, SymbolEncoder } from './symbol-coder.ts';

export interface SymbolCoder {
  readonly about: string;
  encoder(capacityBytes?: number): SymbolEncoder;
  decoder(bytes: Uint8Array): SymbolDecoder;
}

/** Every coder of symbols with frequency tables. */
export const symbolCoders = {
  range: {
    about: 'range coder: first in, first out; writes while it encodes',
    encoder: (capacityBytes) => new RangeEncoder(capacityBytes),
    decoder: (bytes) => new RangeDecoder(bytes),
  },
  rans: {
    about: 'range asymmetric numeral system: a stack of symbols, written when the last one is known',
    encoder: () => new RansEncoder(),
    decoder: (bytes) => new RansDecoder(bytes),
  },
} as const satisfies Record<string, SymbolCoder>;

export type SymbolCoderName = keyof typeof symbolCoders;

export const symbolCoderNames = Object.keys(symbolCoders) as SymbolCoderName[];
