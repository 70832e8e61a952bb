import type { FrequencyTable } from './frequency-table.ts';
import { TOTAL_BITS } from './frequency-table.ts';

/**
 * Writes symbols given as intervals of a cumulative frequency table. Tables may change from symbol to symbol; all that
 * counts is that the decoder is asked with the same.
 */
export interface SymbolEncoder {
  /** A symbol with the interval [cumulative, cumulative + frequency) of [0, 2^totalBits); totalBits at most 16. */
  encode(cumulative: number, frequency: number, totalBits: number): void;
  /** All symbols as bytes. The encoder is used up. */
  finish(): Uint8Array<ArrayBuffer>;
}

/** Reads symbols in the order they were written. Any bytes decode to some symbols. */
export interface SymbolDecoder {
  /** A value in [0, 2^totalBits) that lies in the next symbol's interval. */
  peek(totalBits: number): number;
  /** Passes the symbol with the interval [cumulative, cumulative + frequency), which holds the value `peek` gave. */
  consume(cumulative: number, frequency: number, totalBits: number): void;
  /** Whether something is left that no symbol so far accounts for: never so after the last symbol of an intact code. */
  readonly hasUnusedBytes: boolean;
}

/** Writes symbol `symbol` of `table`. */
export function pushSymbol(encoder: SymbolEncoder, table: FrequencyTable, symbol: number): void {
  const { cumulative } = table;
  const start = cumulative[symbol]!;
  encoder.encode(start, cumulative[symbol + 1]! - start, TOTAL_BITS);
}

/** The next symbol, which was written with `table`. */
export function pullSymbol(decoder: SymbolDecoder, table: FrequencyTable): number {
  const symbol = table.symbolAt(decoder.peek(TOTAL_BITS));
  const { cumulative } = table;
  const start = cumulative[symbol]!;
  decoder.consume(start, cumulative[symbol + 1]! - start, TOTAL_BITS);
  return symbol;
}
