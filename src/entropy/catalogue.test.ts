import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Codes } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import { entropyCoderNames, entropyCoders } from './catalogue.ts';
import { bitsPerIndex, type EntropyCoder, MAX_INDICES, MODES, nominalBytes } from './entropy-coder.ts';
import { frequenciesFromCounts } from './frequency-table.ts';
import { rawCoder } from './raw.ts';
import { StaticRangeCoder } from './static-range.ts';

const CODEBOOKS = 4;

/** Tables that prefer low indices, the more the later the codebook. */
function tables(codebookSize: number): Int32Array {
  const rows = Array.from({ length: CODEBOOKS }, (_, q) =>
    Array.from({ length: codebookSize }, (_, s) => Math.floor(1e6 / (1 + s) ** (q / 2))),
  );
  return Int32Array.from(rows.flatMap((row) => [...frequenciesFromCounts(row)]));
}

const codesOf = (
  codebookSize: number,
  codebooks: number,
  frames: number,
  index: (i: number) => number,
): Codes => ({
  indices: Int32Array.from({ length: codebooks * frames }, (_, i) => index(i)),
  codebooks,
  frames,
  codebookSize,
});

const anyCodes = fc
  .tuple(
    fc.constantFrom(1, 2, 3, 10, 128, 1000, 1024, 4096),
    fc.nat(CODEBOOKS),
    fc.nat(60),
    fc.nat(),
    fc.nat(3),
  )
  .map(([size, codebooks, frames, seed, skew]) => {
    const rng = new Rng(seed);
    return codesOf(size, codebooks, frames, () => Math.floor(size * rng.uniform() ** (1 + 2 * skew)));
  });

describe.each(entropyCoderNames)('%s', (name) => {
  const made = new Map<number, EntropyCoder>();
  const coder = (codebookSize: number): EntropyCoder => {
    const known = made.get(codebookSize);
    const found = known ?? entropyCoders[name].create({ codebookSize, frequencies: tables(codebookSize) });
    made.set(codebookSize, found);
    return found;
  };

  it('decodes what was encoded, in at most the nominal bytes', () => {
    fc.assert(
      fc.property(anyCodes, (codes) => {
        const coded = coder(codes.codebookSize).encode(codes);
        expect(coded.bytes.length).toBeLessThanOrEqual(nominalBytes(codes));
        expect(coded.mode).toBeLessThan(16);
        const { indices: _, ...shape } = codes;
        expect(coder(codes.codebookSize).decode(coded, shape)).toEqual(codes);
      }),
      { seed: 1, numRuns: 400 },
    );
  });

  it('damaged payloads: indices in range or bad-container', () => {
    fc.assert(
      fc.property(anyCodes, fc.uint8Array({ maxLength: 60 }), fc.nat(15), (shape, bytes, mode) => {
        try {
          const { indices } = coder(shape.codebookSize).decode({ bytes, mode }, shape);
          expect(indices).toHaveLength(shape.indices.length);
          expect(indices.every((index) => index >= 0 && index < shape.codebookSize)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
          expect(error).toMatchObject({ code: 'bad-container' });
        }
      }),
      { seed: 2, numRuns: 1000 },
    );
  });

  it('refuses indices out of range, and shapes that do not fit', () => {
    for (const bad of [-1, 10]) {
      expect(() => coder(10).encode(codesOf(10, 1, 3, (i) => (i === 2 ? bad : 0)))).toThrow(
        expect.objectContaining({ code: 'bad-argument', message: expect.stringContaining(`index ${bad}`) }),
      );
    }
    const codes = codesOf(10, 2, 3, () => 1);
    expect(() => coder(10).encode({ ...codes, frames: 4 })).toThrow(/found 6 indices/);
  });

  it('does not allocate what a few bytes claim', () => {
    const shape = { codebooks: 1, frames: MAX_INDICES + 1, codebookSize: 1 };
    for (const mode of Object.values(MODES)) {
      expect(() => coder(1).decode({ bytes: new Uint8Array(0), mode }, shape)).toThrow(
        expect.objectContaining({ code: 'bad-container' }),
      );
    }
  });
});

describe('plain bits', () => {
  it('golden', () => {
    const codes = codesOf(1000, 2, 2, (i) => [1, 999, 512, 0][i]!);
    // 0000000001 1111100111 1000000000 0000000000
    expect(rawCoder.encode(codes)).toEqual({ bytes: Uint8Array.of(0x00, 0x7e, 0x78, 0, 0), mode: 0 });
  });

  it('widths', () => {
    expect([1, 2, 3, 4, 1000, 1024, 1025, 65_536].map(bitsPerIndex)).toEqual([0, 1, 2, 2, 10, 10, 11, 16]);
  });

  it('refuses a mode that needs tables', () => {
    const shape = { codebooks: 1, frames: 1, codebookSize: 4 };
    expect(() => rawCoder.decode({ bytes: Uint8Array.of(1), mode: 1 }, shape)).toThrow(
      /found entropy coder mode 1/,
    );
  });
});

describe('static tables', () => {
  const frequencies = tables(256);
  const coder = new StaticRangeCoder(frequencies, 256);
  const likely = codesOf(256, CODEBOOKS, 100, (i) => i % 7);

  it('golden', () => {
    const skewed = new StaticRangeCoder(Int32Array.of(60_000, 5000, 535, 1), 4);
    const symbols = [0, 1, 2, 3, 0, 0, ...new Array(50).fill(0), 2, 1, 0, 0, 0];
    const coded = skewed.encode(codesOf(4, 1, symbols.length, (i) => symbols[i]!));
    expect(coded.mode).toBe(MODES.staticRange);
    expect(Buffer.from(coded.bytes).toString('hex')).toBe('e87534f80228');
  });

  it('coded bits are the ideal bits and at most 3 bytes', () => {
    const { bytes, mode } = coder.encode(likely);
    const ideal = coder.codebookBits(likely).reduce((sum, bits) => sum + bits, 0);
    expect(mode).toBe(MODES.staticRange);
    expect(8 * bytes.length).toBeGreaterThan(ideal - 1);
    expect(8 * bytes.length).toBeLessThan(ideal + 24);
  });

  it('falls back to plain bits where the tables are wrong', () => {
    const unlikely = codesOf(256, CODEBOOKS, 100, (i) => 255 - (i % 7));
    expect(coder.encode(unlikely)).toEqual(rawCoder.encode(unlikely));
    expect(coder.decode(coder.encode(unlikely), unlikely)).toEqual(unlikely);
  });

  it('does not read fewer or more codebooks than there are', () => {
    const { indices: _, ...shape } = likely;
    const coded = coder.encode(likely);
    expect(() => coder.decode(coded, { ...shape, codebooks: CODEBOOKS + 1 })).toThrow(
      /found 5 codebooks of 256/,
    );
    expect(() => coder.decode(coded, { ...shape, codebookSize: 128 })).toThrow(/4 codebooks of 128/);
    expect(() => coder.decode(coded, { ...shape, frames: 10 })).toThrow(/expected fewer/);
    const tooMany = codesOf(256, CODEBOOKS + 1, 1, () => 0);
    expect(() => coder.encode(tooMany)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });

  it('refuses tables that are wrong', () => {
    const refused = expect.objectContaining({ code: 'bad-weights' });
    expect(() => new StaticRangeCoder(frequencies.subarray(1), 256)).toThrow(refused);
    expect(() => new StaticRangeCoder(new Int32Array(0), 256)).toThrow(refused);
    expect(() => new StaticRangeCoder(frequencies.with(3, 0), 256)).toThrow(refused);
    expect(() => new StaticRangeCoder(frequencies.with(300, frequencies[300]! + 1), 256)).toThrow(refused);
  });

  it('without tables writes plain bits', () => {
    expect(entropyCoders.static.create({ codebookSize: 256 })).toBe(rawCoder);
  });
});
