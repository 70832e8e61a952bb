import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Codes } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import { type HostTensor, int32 } from '../core/tensor.ts';
import { EntropyCoders } from './catalogue.ts';
import { type CodesShape, type EntropyCoder, MODES, nominalBytes } from './entropy-coder.ts';
import { entropyTensors, readEntropyModel } from './model-tables.ts';
import { rawCoder } from './raw.ts';
import { randomModel } from './test-tables.ts';

/** Codes in which each index is `share` of the time the one before it, and otherwise drawn with some skew. */
function codesOf(codebookSize: number, codebooks: number, frames: number, share: number, skew = 1): Codes {
  const rng = new Rng(codebookSize + codebooks);
  const indices = new Int32Array(codebooks * frames);
  for (let i = 0; i < indices.length; i++) {
    const again = i % frames > 0 && rng.uniform() < share;
    indices[i] = again ? indices[i - 1]! : Math.floor(codebookSize * rng.uniform() ** skew);
  }
  return { indices, codebooks, frames, codebookSize };
}

/** What each model makes of the same bytes. */
const GOLDEN = {
  context: '0 0 0 0 3 4 2 10 6 8 10 6 3 3 3 1 5 1 11 3 11 0 0 11',
  mix: '0 0 0 0 10 10 6 6 6 5 10 11 3 3 3 3 1 2 1 8 3 1 1 6',
};

describe.each(['context', 'mix'] as const)('%s', (name) => {
  const coderOf = (codebooks: number, codebookSize: number) =>
    new EntropyCoders(randomModel(codebooks, codebookSize, 1)).get(name);

  it.each([
    [32, 2],
    [32, 1024],
    [1, 4096],
    [5, 3],
    [7, 1000],
  ])('%i codebooks of %i: uniform, skewed and constant codes come back', (codebooks, size) => {
    const coder = coderOf(codebooks, size);
    for (const codes of [
      codesOf(size, codebooks, 40, 0),
      codesOf(size, codebooks, 40, 0.8, 5),
      codesOf(size, codebooks, 40, 1),
      codesOf(size, 1, 1, 0),
      codesOf(size, codebooks, 0, 0),
    ]) {
      const coded = coder.encode(codes);
      expect(coded.bytes.length).toBeLessThanOrEqual(nominalBytes(codes));
      expect(coder.decode(coded, codes)).toEqual(codes);
    }
  });

  it('estimated bits are the coded bits, within 4 bytes', () => {
    const coder = coderOf(4, 256);
    const liked = likely(coder, MODES[name], shapeOf(4, 60, 256));
    const { bytes, mode } = coder.encode(liked);
    const bits = coder.codebookBits(liked);
    expect(mode).toBe(MODES[name]);
    expect(bits).toHaveLength(4);
    expect(Math.abs(8 * bytes.length - bits.reduce((sum, b) => sum + b, 0))).toBeLessThan(32);
  });

  it('chunks do not depend on those before them', () => {
    const coder = coderOf(3, 64);
    const codes = codesOf(64, 3, 50, 0.9, 3);
    const first = coder.encode(codes);
    coder.encode(codesOf(64, 2, 30, 0));
    expect(coder.encode(codes)).toEqual(first);
    expect(coderOf(3, 64).decode(first, codes)).toEqual(codes);
  });

  it('damaged payloads: indices in range or bad-container', () => {
    const coder = coderOf(3, 100);
    const shape = shapeOf(3, 50, 100);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          const { indices } = coder.decode({ bytes, mode: MODES[name] }, shape);
          expect(indices.every((index) => index >= 0 && index < 100)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
          expect(error).toMatchObject({ code: 'bad-container' });
        }
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it('refuses shapes its tables do not cover', () => {
    const coder = coderOf(2, 10);
    const coded = { bytes: new Uint8Array(3), mode: MODES[name] };
    for (const shape of [shapeOf(3, 5, 10), shapeOf(2, 5, 11), shapeOf(2, 2 ** 24, 10)]) {
      expect(() => coder.decode(coded, shape)).toThrow(expect.objectContaining({ code: 'bad-container' }));
    }
    expect(() => coder.encode(codesOf(10, 3, 5, 0))).toThrow(/found 3 codebooks of 10/);
  });

  it('golden', () => {
    const coder = coderOf(2, 12);
    const liked = likely(coder, MODES[name], shapeOf(2, 12, 12));
    const { bytes, mode } = coder.encode(liked);
    expect(mode).toBe(MODES[name]);
    expect(Buffer.from(bytes).toString('hex')).toBe('7ffffffe78fb5a8956db80');
    expect([...liked.indices].join(' ')).toBe(GOLDEN[name]);
  });
});

function shapeOf(codebooks: number, frames: number, codebookSize: number) {
  return { codebooks, frames, codebookSize };
}

/** Codes as the model expects them: what it makes of noise, as long as it is used up. */
function likely(coder: EntropyCoder, mode: number, shape: CodesShape): Codes {
  const rng = new Rng(1);
  const noise = Uint8Array.from({ length: nominalBytes(shape) }, () => rng.int(256));
  for (let length = noise.length; length > 0; length--) {
    try {
      return coder.decode({ bytes: noise.subarray(0, length), mode }, shape);
    } catch {}
  }
  throw new Error('no length fits');
}

describe('without tables', () => {
  const codes = codesOf(1024, 4, 300, 0.9);

  it('context writes plain bits', () => {
    expect(new EntropyCoders({ codebookSize: 1024 }).get('context').encode(codes)).toEqual(
      rawCoder.encode(codes),
    );
  });

  it('mix learns as it goes', () => {
    const coder = new EntropyCoders({ codebookSize: 1024 }).get('mix');
    const coded = coder.encode(codes);
    expect(coded.mode).toBe(MODES.mix);
    expect(coded.bytes.length).toBeLessThan(0.9 * nominalBytes(codes));
    expect(coder.decode(coded, codes)).toEqual(codes);
  });

  it('a chunk of any mode is read by the coder that wrote it', () => {
    const coders = new EntropyCoders(randomModel(4, 1024, 1));
    for (const name of ['none', 'static', 'context', 'mix'] as const) {
      expect(coders.decode(coders.get(name).encode(codes), codes)).toEqual(codes);
    }
    expect(() => coders.decode({ bytes: new Uint8Array(1), mode: 9 }, codes)).toThrow(/coder mode 9/);
    expect(() =>
      new EntropyCoders({ codebookSize: 1024 }).decode({ bytes: Uint8Array.of(1), mode: 2 }, codes),
    ).toThrow(expect.objectContaining({ code: 'bad-container' }));
  });
});

describe('tables as tensors', () => {
  const model = randomModel(3, 10, 1);
  const tensors = entropyTensors(model);

  it('come back', () => {
    const { codebookSize, frequencies, context } = readEntropyModel(tensors, 10);
    expect({ codebookSize, frequencies, context }).toEqual(model);
    expect(readEntropyModel(new Map(), 10).context).toBeUndefined();
  });

  it('are not looked at before they are needed', () => {
    const unread = (shape: readonly number[]) =>
      ({
        dtype: 'int32',
        shape,
        get data() {
          throw new Error('read');
        },
      }) as unknown as HostTensor;
    const lazy = readEntropyModel(new Map([...tensors].map(([n, t]) => [n, unread(t.shape)])), 10);
    expect(new EntropyCoders(lazy).get('none')).toBe(rawCoder);
    expect(() => new EntropyCoders(lazy).get('static')).toThrow('read');
  });

  it('are refused when they are wrong', () => {
    const ranks = tensors.get('entropy.ranks')!.data as Int32Array;
    const changes: [string, HostTensor | undefined][] = [
      ['entropy.layers', undefined],
      ['entropy.mixing', int32([1], Int32Array.of(1))],
      ['entropy.nodeBiases', int32([3, 16], new Int32Array(48).fill(2 ** 21))],
      ['entropy.ranks', int32([3, 10], ranks.with(0, ranks[1]!))],
    ];
    for (const [name, tensor] of changes) {
      const wrong = new Map(tensors);
      if (tensor) wrong.set(name, tensor);
      else wrong.delete(name);
      expect(() => readEntropyModel(wrong, 10).context).toThrow(
        expect.objectContaining({ code: 'bad-weights' }),
      );
    }
    const frequencies = int32([2, 15], new Int32Array(30));
    const wrong = new Map([...tensors, ['entropy.frequencies', frequencies]] as [string, HostTensor][]);
    expect(() => readEntropyModel(wrong, 10).frequencies).toThrow(
      expect.objectContaining({ code: 'bad-weights' }),
    );
  });
});
