import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { FrequencyTable, frequenciesFromCounts, TOTAL } from './frequency-table.ts';
import { RansStack } from './rans.ts';
import { pullSymbol, pushSymbol } from './symbol-coder.ts';
import { type SymbolCoder, symbolCoderNames, symbolCoders } from './symbol-coders.ts';

const repeat = (count: number, value: number) => new Array<number>(count).fill(value);
const tableOf = (shares: readonly number[]) =>
  new FrequencyTable(frequenciesFromCounts(shares.map((share) => Math.round(share * 1e6))));

/** Distributions from one symbol to 2^16, flat, skewed and all but certain. */
const tables: Record<string, FrequencyTable> = {
  'one symbol': tableOf([1]),
  'two symbols, all but certain': new FrequencyTable([TOTAL - 1, 1]),
  'two symbols, all but impossible': new FrequencyTable([1, TOTAL - 1]),
  'two symbols, 99 % and 1 %': tableOf([0.99, 0.01]),
  'two symbols, equal': tableOf([1, 1]),
  geometric: tableOf(Array.from({ length: 24 }, (_, s) => 0.5 ** s)),
  '1000 symbols, equal': tableOf(repeat(1000, 1)),
  '1024 symbols, Laplacian': tableOf(
    Array.from({ length: 1024 }, (_, s) => Math.exp(-Math.abs(s - 512) / 60)),
  ),
  '2^16 symbols': new FrequencyTable(repeat(TOTAL, 1)),
};

/** Symbols drawn from a table, or all of a kind that the table thinks unlikely. */
function draw(table: FrequencyTable, count: number, rng: Rng): Int32Array {
  return Int32Array.from({ length: count }, () => table.symbolAt(rng.int(TOTAL)));
}

function encode(
  coder: SymbolCoder,
  symbols: Iterable<number>,
  tableAt: (i: number) => FrequencyTable,
): Uint8Array {
  const encoder = coder.encoder();
  let i = 0;
  for (const symbol of symbols) pushSymbol(encoder, tableAt(i++), symbol);
  return encoder.finish();
}

function decode(
  coder: SymbolCoder,
  bytes: Uint8Array,
  count: number,
  tableAt: (i: number) => FrequencyTable,
) {
  const decoder = coder.decoder(bytes);
  const symbols = Int32Array.from({ length: count }, (_, i) => pullSymbol(decoder, tableAt(i)));
  return { symbols, unused: decoder.hasUnusedBytes };
}

const anyTables = fc
  .array(fc.constantFrom(...Object.keys(tables)), { minLength: 1, maxLength: 5 })
  .map((names) => names.map((name) => tables[name]!));

describe.each(symbolCoderNames)('%s', (name) => {
  const coder: SymbolCoder = symbolCoders[name];

  it('decodes what was encoded, with another table for each symbol', () => {
    fc.assert(
      fc.property(anyTables, fc.nat(400), fc.nat(), fc.boolean(), (several, count, seed, likely) => {
        const rng = new Rng(seed);
        const tableAt = (i: number) => several[i % several.length]!;
        const symbols = Int32Array.from({ length: count }, (_, i) =>
          likely ? tableAt(i).symbolAt(rng.int(TOTAL)) : rng.int(tableAt(i).size),
        );
        const bytes = encode(coder, symbols, tableAt);
        expect(decode(coder, bytes, count, tableAt)).toEqual({ symbols, unused: false });
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  it('totals of 1 to 16 bits', () => {
    const encoder = coder.encoder();
    for (let bits = 1; bits <= 16; bits++) encoder.encode(2 ** bits - 1, 1, bits);
    const decoder = coder.decoder(encoder.finish());
    for (let bits = 1; bits <= 16; bits++) {
      expect(decoder.peek(bits)).toBe(2 ** bits - 1);
      decoder.consume(2 ** bits - 1, 1, bits);
    }
    expect(decoder.hasUnusedBytes).toBe(false);
  });

  it('any bytes decode to some symbols', () => {
    fc.assert(
      fc.property(anyTables, fc.uint8Array({ maxLength: 60 }), (several, bytes) => {
        const tableAt = (i: number) => several[i % several.length]!;
        const { symbols } = decode(coder, bytes, 100, tableAt);
        expect(symbols.every((symbol, i) => symbol >= 0 && symbol < tableAt(i).size)).toBe(true);
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it.each(
    Object.keys(tables),
  )('a million symbols cost at most 0.05 percent more than they must: %s', (key) => {
    const table = tables[key]!;
    const symbols = draw(table, 1e6, new Rng(7));
    const bits = symbols.reduce((sum, symbol) => sum + table.bits(symbol), 0);
    const bytes = encode(coder, symbols, () => table);
    // Zero bytes at the end of a code need not be written.
    expect(8 * bytes.length).toBeGreaterThan(bits - 16);
    expect(8 * bytes.length).toBeLessThan(Math.min(bits + 48, 1.0005 * bits + 24));
    const decoded = decode(coder, bytes, symbols.length, () => table);
    expect(decoded.unused).toBe(false);
    expect(decoded.symbols.findIndex((symbol, i) => symbol !== symbols[i])).toBe(-1);
  });
});

describe('rANS as a stack', () => {
  const table = tables.geometric!;
  const push = (stack: RansStack, { cumulative }: FrequencyTable, symbol: number) =>
    stack.push(cumulative[symbol]!, cumulative[symbol + 1]! - cumulative[symbol]!, 16);
  const pop = (stack: RansStack, from: FrequencyTable) => {
    const symbol = from.symbolAt(stack.peek(16));
    stack.pop(from.cumulative[symbol]!, from.cumulative[symbol + 1]! - from.cumulative[symbol]!, 16);
    return symbol;
  };

  it('golden, from an implementation in Python', () => {
    const stack = new RansStack();
    for (const symbol of [0, 1, 2, 3, 0, 0, 3, 3, 3, 2, 1, 0, 0, 0, 3]) {
      push(stack, new FrequencyTable([60_000, 5000, 535, 1]), symbol);
    }
    expect(Buffer.from(stack.toBytes()).toString('hex')).toBe('9fd8ffffffffeeff3762ffffc54d04');
  });

  it('last in, first out', () => {
    const stack = new RansStack();
    const symbols = [0, 5, 1, 23, 0, 2];
    for (const symbol of symbols) push(stack, table, symbol);
    expect(symbols.map(() => pop(stack, table)).reverse()).toEqual(symbols);
    expect(stack.isEmpty).toBe(true);
  });

  it('pops of any bytes are undone by pushes, to the byte', () => {
    fc.assert(
      fc.property(anyTables, fc.uint8Array({ maxLength: 80 }), fc.nat(120), (several, bytes, count) => {
        const stack = new RansStack(bytes);
        const before = stack.toBytes();
        const popped = Array.from({ length: count }, (_, i) => pop(stack, several[i % several.length]!));
        for (let i = count - 1; i >= 0; i--) push(stack, several[i % several.length]!, popped[i]!);
        expect(stack.toBytes()).toEqual(before);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it('bits back: a latent chosen by the bits of the stack costs nothing', () => {
    // Two latents describe the same data equally well. The one to use carries a bit of what lies on the stack.
    const [latent, data] = [tables['two symbols, equal']!, tables['1000 symbols, equal']!];
    const stack = new RansStack();
    const rng = new Rng(1);
    for (let i = 0; i < 10; i++) push(stack, data, rng.int(1000));
    const before = 8 * stack.toBytes().length;
    const values = Array.from({ length: 1000 }, () => rng.int(1000));
    for (const value of values) {
      const z = pop(stack, latent);
      push(stack, data, value);
      push(stack, latent, z);
    }
    const cost = 8 * stack.toBytes().length - before;
    expect(cost).toBeGreaterThan(1000 * Math.log2(1000) - 16);
    expect(cost).toBeLessThan(1000 * Math.log2(1000) + 16);
    for (const value of values.reverse()) {
      const z = pop(stack, latent);
      expect(pop(stack, data)).toBe(value);
      push(stack, latent, z);
    }
    expect(8 * stack.toBytes().length).toBe(before);
  });
});
