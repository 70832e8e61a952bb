import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import { runFit } from './loop.ts';
import { Muon } from './muon.ts';
import type { FitProblem } from './problem.ts';
import { TestCheckpoint, testSettings } from './test-fits.ts';

const engine = await createEngine('onnx', { threads: 1 });

const settings = { ...testSettings, muonScale: 0.3 };

function random(shape: readonly number[], seed: number): HostTensor {
  const rng = new Rng(seed);
  return float32(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.uniform() - 0.5),
  );
}

/** What a first step along a gradient would go by. */
async function directionOf(gradient: HostTensor): Promise<Float32Array> {
  const muon = await Muon.create(engine, new Map([['w', gradient]]));
  const moments = new Float32Array(gradient.data.length);
  const values = Float32Array.from(gradient.data);
  muon!.ruleOf('w', 1)!(values, moments, moments, values, 0, values.length);
  const direction = (await muon!.directions()).get('w')!.slice();
  await muon!.dispose();
  return direction;
}

/** Product of the shorter side's vectors with one another, [n, n]. */
function gram(data: Float32Array, rows: number, columns: number): number[][] {
  const at = (i: number, k: number) => (rows <= columns ? data[i * columns + k]! : data[k * columns + i]!);
  const [n, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => {
      let sum = 0;
      for (let k = 0; k < length; k++) sum += at(i, k) * at(j, k);
      return sum / length;
    }),
  );
}

describe('Muon', () => {
  it.each([
    { shape: [8, 40] },
    { shape: [40, 8] },
    { shape: [3, 4, 5, 8] },
  ])('makes the sides of a matrix of $shape.length dimensions orthogonal, whatever the size of its gradient', async ({
    shape,
  }) => {
    const columns = shape.at(-1)!;
    const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
    const gradient = random(shape, 3);
    const direction = await directionOf(gradient);
    for (const [i, row] of gram(direction, rows, columns).entries()) {
      for (const [j, product] of row.entries()) {
        // The polynomial leaves squares of singular values between 0.5 and 1.4.
        if (i === j) expect(Math.abs(product - 0.95)).toBeLessThan(0.45);
        else expect(Math.abs(product)).toBeLessThan(0.3);
      }
    }
    const larger = await directionOf(
      float32(
        shape,
        Float32Array.from(gradient.data, (value) => 1000 * value),
      ),
    );
    for (const [i, value] of larger.entries()) expect(value).toBeCloseTo(direction[i]!, 3);
  });

  it('takes the columns of a large one in pieces', async () => {
    const [rows, columns] = [300, 600];
    const direction = await directionOf(random([rows, columns], 4));
    // 3 pieces of 200.
    const piece = new Float32Array(rows * 200);
    for (let i = 0; i < piece.length; i++)
      piece[i] = direction[Math.floor(i / 200) * columns + 200 + (i % 200)]!;
    const products = gram(piece, rows, 200);
    for (const [i, row] of products.entries()) expect(Math.abs(row[i]! - 0.95)).toBeLessThan(0.45);
    const between = products.flatMap((row, i) => row.filter((_, j) => i !== j));
    // Of random columns of that length it is 0.058.
    expect(Math.hypot(...between) / Math.sqrt(between.length)).toBeLessThan(0.035);
    let squares = 0;
    for (const value of direction) squares += value ** 2;
    const size = Math.sqrt(squares / direction.length);
    expect(size).toBeGreaterThan(0.75);
    expect(size).toBeLessThan(1.1);
  });

  it('takes weight matrices only, and a gradient of nothing', async () => {
    const parameters = new Map([
      ['filters', random([3, 3, 8, 8], 1)],
      ['bias', random([64], 1)],
      ['depthwise', random([3, 3, 64, 1], 1)],
      ['head', random([3, 3, 12, 3], 1)],
    ]);
    const muon = await Muon.create(engine, parameters);
    expect([...(await muon!.directions())].map(([name, data]) => [name, data.some((x) => x !== 0)])).toEqual([
      ['filters', false],
    ]);
    expect(muon!.ruleOf('bias', 1)).toBeUndefined();
    await muon!.dispose();
    expect(await Muon.create(engine, new Map([['bias', random([64], 1)]]))).toBeUndefined();
  });
});

/** A product of two matrices of 12 that is to become a third, whose columns are of very different sizes. */
function product(): FitProblem {
  const flat = Float32Array.from(random([12, 12], 5).data, (value, i) => value * 0.6 ** (i % 12));
  const target = float32([12, 12], flat);
  return {
    parameters: new Map([
      ['a', random([12, 12], 6)],
      ['b', random([12, 12], 7)],
    ]),
    runsPerStep: 2,
    loss(graph) {
      const made = tf.matMul(graph.parameter('a') as tf.Tensor2D, graph.parameter('b') as tf.Tensor2D);
      const error = tf.mean(tf.square(tf.sub(made, graph.input('target', [12, 12])))) as tf.Scalar;
      return { total: error, error, rate: tf.scalar(0) };
    },
    draw: () => ({ inputs: { target } }),
  };
}

describe('a fit with Muon', () => {
  const options = { engine, settings, steps: 60, lambda: 0, seed: 1 };

  it('goes steps of the size asked for, and comes to what is looked for', async () => {
    const problem = product();
    const first = await runFit(problem, { ...options, steps: 1 });
    // Two runs of a step, the cosine from the first to the second between the full rate and its floor.
    const largest = 2 * settings.learningRate * settings.muonScale;
    const before = problem.parameters.get('a')!.data;
    const after = first.parameters.get('a')!.data;
    let squares = 0;
    for (const [i, value] of after.entries()) squares += (value - before[i]!) ** 2;
    const size = Math.sqrt(squares / after.length);
    expect(size).toBeGreaterThan(0.3 * largest);
    expect(size).toBeLessThan(1.2 * largest);

    const psnrDb: number[] = [];
    await runFit(product(), { ...options, onProgress: (progress) => psnrDb.push(progress.psnrDb) });
    expect(psnrDb.at(-1)).toBeGreaterThan(40);
  });

  it('makes its matrices smaller by the decay', async () => {
    const decaying = { ...settings, learningRateFloor: 1, muonScale: 1e-9, muonDecay: 2 };
    const problem = product();
    const { parameters } = await runFit(problem, { ...options, settings: decaying, steps: 1 });
    // Two runs, each of which keeps 1 - 0.05 * 2.
    for (const [i, value] of parameters.get('a')!.data.entries())
      expect(value).toBeCloseTo(0.9 ** 2 * problem.parameters.get('a')!.data[i]!, 5);
  });

  it('goes on from where it was kept as if it had not stopped', async () => {
    const wanted = await runFit(product(), options);
    const checkpoint = new TestCheckpoint();
    await runFit(product(), { ...options, checkpoint, abort: checkpoint.abortAfter(31) });
    expect(checkpoint.kept).toMatchObject({ step: 15, runs: 1 });
    const outcome = await runFit(product(), { ...options, checkpoint });
    expect(outcome).toEqual(wanted);
  });
});
