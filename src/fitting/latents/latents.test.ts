import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../core/rng.ts';
import { float32, type HostTensor } from '../../core/tensor.ts';
import { laplaceIndex, laplaceTable, roundedMean } from '../../entropy/laplace.ts';
import { type CodedGrid, countBits, decodeLatents, encodeLatents } from './coding.ts';
import { type ContextShape, contextOffsets, contextPart } from './context-shape.ts';
import { IntegerContext } from './integer-context.ts';
import { type PaddedGrid, paddedGrid, rowStart } from './padded-grid.ts';

const shape: ContextShape = { name: 'context', contexts: 16, beside: 1, width: 16 };

/** Weights in units of 2^-8, as a file gives them. */
function network(seed: number): Map<string, HostTensor> {
  const rng = new Rng(seed);
  return new Map(
    contextPart(shape).tensors.map(({ name, shape }) => {
      const tensor = float32(shape);
      for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = (rng.int(257) - 128) / 256;
      return [name, tensor];
    }),
  );
}

function grids(largest: number): PaddedGrid[] {
  const rng = new Rng(5);
  return [
    [12, 17],
    [6, 9],
    [3, 5],
  ].map(([rows, columns]) => {
    const grid = paddedGrid(rows!, columns!);
    for (let y = 0; y < rows!; y++) {
      for (let x = 0; x < columns!; x++) {
        if (rng.uniform() < 0.4) grid.latents[rowStart(grid, y) + x] = rng.int(2 * largest + 1) - largest;
      }
    }
    return grid;
  });
}

/** Coarse grids first, their number beside each latent. */
function coded(all: readonly PaddedGrid[], weights: Map<string, HostTensor>): CodedGrid[] {
  const contexts = all.map((grid, level) => {
    const context = new IntegerContext(weights, shape, grid.stride);
    context.beside([level]);
    return { grid, context };
  });
  return contexts.toReversed();
}

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

describe('IntegerContext', () => {
  it('computes its network in integers, as big ones do', () => {
    const weights = network(1);
    const level = 1;
    const grid = grids(40)[level]!;
    const context = new IntegerContext(weights, shape, grid.stride);
    context.beside([level]);
    const fixed = (name: string) =>
      [...weights.get(name)!.data].map((value) => BigInt(Math.round(value * 256)));
    const shift = (value: bigint) => (value + 128n) >> 8n;
    const layer = (inputs: readonly bigint[], name: string, outputs: number) =>
      Array.from({ length: outputs }, (_, j) =>
        inputs.reduce((sum, input, i) => sum + input * fixed(name)[i * outputs + j]!, 0n),
      );
    const rectified = (value: bigint) => (value < 0n ? 0n : value > 32_767n ? 32_767n : value);
    for (let y = 0; y < grid.rows; y++) {
      for (let x = 0; x < grid.columns; x++) {
        const at = rowStart(grid, y) + x;
        context.look(grid.latents, at);
        const around = contextOffsets(16).map(([dy, dx]) =>
          BigInt(grid.latents[at + dy * grid.stride + dx]!),
        );
        const inputs = [...around, BigInt(level), 1n];
        const first = layer(inputs, 'context.0', 15).map(rectified);
        const second = layer([...first, 256n], 'context.1', 15).map((sum) => rectified(shift(sum)));
        const [mean, scale] = layer([...second, 256n], 'context.2', 2).map(
          (sum, i) => shift(sum) + layer(inputs, 'context.skip', 2)[i]!,
        );
        expect(context.table).toBe(laplaceIndex(Number(mean), Number(scale)));
        expect(context.centre).toBe(roundedMean(Number(mean)));
      }
    }
  });
});

describe('latents', () => {
  const empty = () => grids(0);

  it.each([1, 40, 20_000])('of at most %i decode to what they were', (largest) => {
    const all = grids(largest);
    const bytes = encodeLatents(coded(all, network(2)));
    const decoded = empty();
    decodeLatents(bytes, coded(decoded, network(2)));
    expect(decoded).toEqual(all);
    expect((8 * bytes.length) / countBits(coded(all, network(2)))).toBeCloseTo(1, 1);
  });

  it('depend on what grids before them hold, where that is beside them', () => {
    const all = grids(3);
    const withBeside = (these: readonly PaddedGrid[]): CodedGrid[] => {
      const [fine, coarse] = [these[0]!, these[1]!];
      const besideOf = (y: number, x: number) => [
        coarse.latents[rowStart(coarse, y >> 1) + Math.min(coarse.columns - 1, x >> 1)]!,
      ];
      const [first, second] = coded([fine, coarse], network(2)) as [CodedGrid, CodedGrid];
      return [first, { ...second, besideOf }];
    };
    const bytes = encodeLatents(withBeside(all));
    expect(bytes).not.toEqual(encodeLatents(coded(all.slice(0, 2), network(2))));
    const decoded = empty();
    decodeLatents(bytes, withBeside(decoded));
    expect(decoded.slice(0, 2)).toEqual(all.slice(0, 2));
  });

  it('are coded alike for ever', () => {
    expect(sha(encodeLatents(coded(grids(3), network(2))))).toMatchInlineSnapshot(`"251a066d31d48057"`);
  });
});

describe('laplaceTable', () => {
  it('sums to 2^16, is widest where the scale is, and the same everywhere', () => {
    const hash = createHash('sha256');
    for (let index = 0; index < 41 * 16; index++) {
      const { cumulative, radius } = laplaceTable(index);
      expect(cumulative.at(-1)).toBe(65_536);
      expect(cumulative).toHaveLength(2 * radius + 3);
      expect(cumulative.every((sum, s) => s === 0 || sum > cumulative[s - 1]!)).toBe(true);
      hash.update(cumulative);
    }
    expect(hash.digest('hex').slice(0, 16)).toMatchInlineSnapshot(`"6e6fa979a5a8c703"`);
    expect(laplaceIndex(0, -99_999)).toBeLessThan(16);
    expect(laplaceIndex(0, 99_999)).toBe(laplaceIndex(0, 6 * 256));
  });

  it('gives the probabilities of the distribution', () => {
    const { cumulative, radius } = laplaceTable(laplaceIndex(8, 0));
    const below = (x: number) => (x < 0 ? Math.exp(x) / 2 : 1 - Math.exp(-x) / 2);
    for (let k = -4; k <= 4; k++) {
      const share = (cumulative[k + radius + 1]! - cumulative[k + radius]!) / 65_536;
      expect(share).toBeCloseTo(below(k + 0.5 - 8 / 256) - below(k - 0.5 - 8 / 256), 3);
    }
  });
});
