import { describe, expect, it } from 'vitest';
import { ByteCursor } from '../bitstream/byte-cursor.ts';
import { Rng } from '../core/rng.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import { type NetworkPart, packNetwork, unpackNetwork } from './network.ts';

const parts: NetworkPart[] = [
  {
    name: 'first',
    tensors: [
      { name: 'a', shape: [5, 7] },
      { name: 'b', shape: [3] },
    ],
    exponents: [2, 10],
  },
  {
    name: 'second',
    tensors: [{ name: 'c', shape: [40] }],
    exponents: [3, 12],
    limit: 1,
  },
];

function network(): Map<string, HostTensor> {
  const rng = new Rng(3);
  const tensors = parts.flatMap(({ tensors: all }) => all);
  return new Map(
    tensors.map(({ name, shape }) => {
      const tensor = float32(shape);
      for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = rng.normal();
      return [name, tensor];
    }),
  );
}

/** Not far from the network, within its limit. */
const reference = new Map(
  [...network()].map(([name, { shape, data }]) => [
    name,
    float32(
      shape,
      Float32Array.from(data, (value) => Math.max(-0.5, Math.min(0.5, value))),
    ),
  ]),
);

/** Squared error of all weights plus bits. */
const costWith =
  (lambda: number) =>
  async (candidate: ReadonlyMap<string, HostTensor>, bits: number): Promise<number> => {
    let sum = lambda * bits;
    for (const [name, { data }] of network()) {
      for (const [i, value] of data.entries()) sum += (value - candidate.get(name)!.data[i]!) ** 2;
    }
    return sum;
  };

describe('packNetwork', () => {
  it('reads back as packed, within the limit, finer where bits are cheap', async () => {
    const fine = await packNetwork(network(), parts, costWith(1e-6), reference);
    const coarse = await packNetwork(network(), parts, costWith(1e-2), reference);
    expect(coarse.bytes.length).toBeLessThan(fine.bytes.length);
    for (const { bytes, network: packed, partBytes } of [fine, coarse]) {
      const cursor = new ByteCursor(bytes);
      expect(unpackNetwork(cursor, parts, reference)).toEqual(packed);
      expect(cursor.failure).toBeUndefined();
      expect(cursor.offset).toBe(bytes.length);
      expect(Object.values(partBytes).reduce((a, b) => a + b)).toBe(bytes.length);
      expect(Math.max(...packed.get('c')!.data.map(Math.abs))).toBeLessThanOrEqual(1);
    }
  });

  it('takes a few bytes for what is known', async () => {
    const { bytes } = await packNetwork(reference, parts, costWith(1e-4), reference);
    expect(bytes.length).toBeLessThanOrEqual(12);
  });

  it('refuses what is short or has a step out of range', async () => {
    const { bytes } = await packNetwork(network(), parts, costWith(1e-4), reference);
    const short = new ByteCursor(bytes.subarray(0, 20));
    unpackNetwork(short, parts, reference);
    expect(short.failure).toBe('short');
    const wrong = new ByteCursor(bytes.with(0, 30));
    unpackNetwork(wrong, parts, reference);
    expect(wrong.failure).toMatch(/2\^-30/);
  });
});
