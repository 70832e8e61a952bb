import type * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import { compile, type Engine } from '../engine/engine.ts';
import { beamSearch } from './beam-search.ts';

const [rows, dimension, size, count] = [7, 5, 6, 3];
const rng = new Rng(5);
const random = (shape: number[]) =>
  float32(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.normal()),
  );
const latents = random([rows, dimension]);
const codebooks = Array.from({ length: count }, () => random([size, dimension]));

function distortion(codes: ArrayLike<number>, row: number): number {
  let sum = 0;
  for (let d = 0; d < dimension; d++) {
    let rest = latents.data[row * dimension + d]!;
    for (let q = 0; q < count; q++) rest -= codebooks[q]!.data[codes[q]! * dimension + d]!;
    sum += rest * rest;
  }
  return sum;
}

async function search(engine: Engine, beam: number): Promise<HostTensor> {
  const graph = await compile(
    engine,
    (x, ...books) => beamSearch(x as tf.Tensor2D, books as tf.Tensor2D[], beam),
    [latents.shape, ...codebooks.map((c) => c.shape)],
  );
  const [codes] = await graph.run(latents, ...codebooks);
  await graph.dispose();
  return codes!;
}

describe('beam search', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine('onnx');
  });
  const column = (codes: HostTensor, row: number) =>
    Array.from({ length: count }, (_, q) => codes.data[q * rows + row]!);

  it('finds the best of all combinations when it keeps them all', async () => {
    const codes = await search(engine, size ** (count - 1));
    for (let row = 0; row < rows; row++) {
      let best = Number.POSITIVE_INFINITY;
      for (let i = 0; i < size ** count; i++) {
        const combination = [0, 1, 2].map((q) => Math.floor(i / size ** q) % size);
        best = Math.min(best, distortion(combination, row));
      }
      expect(distortion(column(codes, row), row)).toBeCloseTo(best, 4);
    }
  });

  it('is never worse than the nearest vector each time, here better, and the same on both engines', async () => {
    const greedy = await search(engine, 1);
    const wide = await search(engine, 4);
    let gain = 0;
    for (let row = 0; row < rows; row++) {
      gain += distortion(column(greedy, row), row) - distortion(column(wide, row), row);
    }
    expect(gain).toBeGreaterThan(0.1);
    expect((await search(await createEngine('tfjs-cpu'), 4)).data).toEqual(wide.data);
  });

  it('with a beam of one takes the nearest vector each time', async () => {
    const codes = await search(engine, 1);
    for (let row = 0; row < rows; row++) {
      const rest = Array.from(latents.data.subarray(row * dimension, (row + 1) * dimension));
      for (let q = 0; q < count; q++) {
        const far = (k: number) =>
          rest.reduce((s, v, d) => s + (v - codebooks[q]!.data[k * dimension + d]!) ** 2, 0);
        const nearest = [...Array(size).keys()].reduce((a, b) => (far(b) < far(a) ? b : a));
        expect(column(codes, row)[q]).toBe(nearest);
        for (let d = 0; d < dimension; d++) rest[d]! -= codebooks[q]!.data[nearest * dimension + d]!;
      }
    }
  });
});
