import { describe, expect, it } from 'vitest';
import type { Codes } from '../core/codes.ts';
import { Rng } from '../core/rng.ts';
import { type EntropyCoderName, EntropyCoders } from '../entropy/catalogue.ts';
import { entropyTensors, readEntropyModel } from '../entropy/model-tables.ts';
import { entropyTables } from './entropy-tables.ts';
import { similarityRanks } from './index-order.ts';

const [SIZE, CODEBOOKS, DIMENSION] = [24, 3, 6];
const rng = new Rng(7);
const vectors = Array.from({ length: CODEBOOKS }, (_, q) => ({
  data: Float32Array.from({ length: SIZE * DIMENSION }, () => rng.normal() / (1 + q)),
  dimension: DIMENSION,
}));

/** A slow random walk among indices whose vectors are alike; later codebooks follow the first. */
function walk(frames: number, seed: number): Codes {
  const steps = new Rng(seed);
  const order = vectors.map((rows) => similarityRanks(rows));
  const indices = new Int32Array(CODEBOOKS * frames);
  let place = steps.int(SIZE);
  for (let t = 0; t < frames; t++) {
    place = Math.max(0, Math.min(SIZE - 1, place + steps.int(3) - 1));
    for (let q = 0; q < CODEBOOKS; q++) {
      const at = (place + q * steps.int(3)) % SIZE;
      indices[q * frames + t] = order[q]!.indexOf(at);
    }
  }
  return { indices, codebooks: CODEBOOKS, frames, codebookSize: SIZE };
}

describe('entropyTables', () => {
  const train = Array.from({ length: 24 }, (_, i) => walk(150, i + 1));
  const options = { framesPerChunk: 100, codebookCounts: [1, 3], features: 6, hidden: 8 };
  const tables = entropyTables(train, vectors, options);

  it('predict codes like those they are made from: context beats static, mix is no worse', () => {
    const coders = new EntropyCoders(tables);
    const unheard = Array.from({ length: 6 }, (_, i) => walk(100, 100 + i));
    const bytes = (name: EntropyCoderName) =>
      unheard.reduce((sum, codes) => {
        const coded = coders.get(name).encode(codes);
        expect(coders.decode(coded, codes)).toEqual(codes);
        return sum + coded.bytes.length;
      }, 0);
    const [fixed, context, mixed] = [bytes('static'), bytes('context'), bytes('mix')];
    expect(context).toBeLessThan(0.8 * fixed);
    expect(mixed).toBeLessThan(1.02 * context);
  });

  it('are the same again, and come back from tensors', () => {
    const tensors = entropyTensors(entropyTables(train, vectors, options));
    const { codebookSize, frequencies, context } = readEntropyModel(tensors, SIZE);
    expect({ codebookSize, frequencies, context }).toEqual(tables);
  });

  it('stand codes that never use most indices', () => {
    const constant = {
      indices: new Int32Array(CODEBOOKS * 20),
      codebooks: CODEBOOKS,
      frames: 20,
      codebookSize: SIZE,
    };
    const coders = new EntropyCoders(entropyTables([constant], vectors, options));
    for (const codes of [constant, walk(50, 5)]) {
      expect(coders.decode(coders.get('mix').encode(codes), codes)).toEqual(codes);
    }
  });
});

describe('similarityRanks', () => {
  it('is a permutation in which one number stays in order', () => {
    const data = Float32Array.of(5, -3, 8, 0, 1, 2, -7);
    const ranks = similarityRanks({ data, dimension: 1 });
    const sorted = [...data].toSorted((a, b) => a - b);
    const places = [...data].map((v) => sorted.indexOf(v));
    const reversed = places.map((p) => data.length - 1 - p);
    expect([places.join(), reversed.join()]).toContain([...ranks].join());
  });
});
