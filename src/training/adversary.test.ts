import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import { type Engine, feedOf } from '../engine/engine.ts';
import { loadGradients } from '../engine/gradients.ts';
import { loadRecipe } from '../recipe/load.ts';
import { balanced, balanceShare } from './balancer.ts';
import { loadCheckpoint, saveCheckpoint, type TrainingState } from './checkpoint.ts';
import { CodecObjective } from './codec-objective.ts';
import type { Clip } from './dataset.ts';
import { tinyRecipe } from './test-recipe.ts';
import { Trainer } from './trainer.ts';

const recipe = tinyRecipe([
  'training.balancer={}',
  'encoder.lstmLayers=0',
  'decoder.lstmLayers=0',
  'training.losses.windows=[128]',
  'training.losses.melBands=[12]',
  'training.adversary.windows=[64]',
  'training.adversary.filters=4',
  'training.learningRate=0.004',
  'training.batch=1',
  'training.averageDecay=0.5',
  'training.unquantizedSteps=2',
]);
const rng = new Rng(3);
const clips: Clip[] = [0, 1].map((c) => ({
  name: `${c}-tone`,
  samples: Int16Array.from(
    { length: 12000 },
    (_, t) => 8000 * Math.sin(t * (0.05 + 0.03 * c)) + 500 * rng.normal(),
  ),
}));

let engine: Engine;
beforeAll(async () => {
  await loadGradients();
  engine = await createEngine('onnx', { threads: 1 });
});

describe('the loss balancer', () => {
  it('gives every loss the share of the gradient that its weight says, over the mean of its norms', async () => {
    const graph = await engine.compile((io) => {
      const y = io.input('y', [3]);
      const of = (x: tf.Tensor) => ({
        small: tf.mul(tf.sum(x), 1e-4) as tf.Scalar,
        large: tf.mul(tf.sum(tf.square(x)), 1e3) as tf.Scalar,
        off: tf.sum(tf.exp(x)) as tf.Scalar,
      });
      const weights = { small: 3, large: 1, off: 0 };
      const { value, grad } = tf.valueAndGrad(
        (x: tf.Tensor) => balanced(io, x, of, weights, { decay: 0.9, norm: 2 }).total,
      )(y);
      io.output('total', value);
      io.output('gradient', grad);
    });
    const y = [0.1, -0.2, 0.2];
    const run = (share: number, means: number[]) =>
      graph.run(
        feedOf({
          y: float32([3], Float32Array.from(y)),
          balanceShare: float32([], Float32Array.of(share)),
          'balance:small': float32([], Float32Array.of(means[0]!)),
          'balance:large': float32([], Float32Array.of(means[1]!)),
        }),
      );
    const first = await run(balanceShare(1, { decay: 0.9, norm: 2 }), [0, 0]);
    // y has norm 0.3: the gradients are 1e-4 in every place, and 2000 y.
    expect(first['balance:small']!.data[0]).toBeCloseTo(1e-4 * Math.sqrt(3), 8);
    expect(first['balance:large']!.data[0]! / 600).toBeCloseTo(1, 4);
    expect(first.total!.data[0]).toBeCloseTo(3 * 1e-4 * 0.1 + 1e3 * 0.09, 3);
    for (const [i, v] of y.entries()) {
      expect(first.gradient!.data[i]).toBeCloseTo(2 * (0.75 / Math.sqrt(3) + (0.25 * v) / 0.3), 4);
    }
    const later = await run(balanceShare(100, { decay: 0.9, norm: 2 }), [1e-4 * Math.sqrt(3), 1200]);
    expect(later['balance:large']!.data[0]! / 1140).toBeCloseTo(1, 4);
    for (const [i, v] of y.entries()) {
      const share = 0.25 * (600 / 1140);
      expect(later.gradient!.data[i]).toBeCloseTo(2 * (0.75 / Math.sqrt(3) + (share * v) / 0.3), 4);
    }
  });
});

describe('adversarial training', () => {
  const create = (seed: number, restore?: (state: TrainingState) => void) =>
    Trainer.create(new CodecObjective(recipe, engine), recipe.training, engine, seed, restore);
  const all = (tensors: ReadonlyMap<string, HostTensor>) => [...tensors.values()].flatMap((t) => [...t.data]);
  const everything = ({ state }: Trainer) =>
    [state, state.opponent!]
      .flatMap(({ weights, m, v, averages }) => [weights, m, v, averages])
      .concat(state.learned as Map<string, HostTensor>)
      .flatMap(all);

  it('makes both better, and goes on from a checkpoint as if it had not stopped', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'adversary-'));
    const trainer = await create(1);
    const before = (await trainer.validate(clips, 2)).none!;
    const opponents: number[] = [];
    for (let step = 1; step <= 20; step++) {
      const { losses } = await trainer.step(clips, 40);
      for (const [name, value] of Object.entries(losses)) expect(Number.isFinite(value), name).toBe(true);
      expect(Object.keys(losses)).toContain('matching');
      opponents.push(losses.opponent!);
      if (step === 3) await saveCheckpoint(folder, trainer.state);
      if (step === 4) {
        const second = await create(9, (state) => loadCheckpoint(folder, state));
        await second.step(clips, 40);
        expect(everything(second)).toEqual(everything(trainer));
      }
    }
    const after = (await trainer.validate(clips, 2)).none!;
    expect(after.mel!).toBeLessThan(0.9 * before.mel!);
    const mean = (x: number[]) => x.reduce((sum, v) => sum + v, 0) / x.length;
    expect(mean(opponents.slice(-5))).toBeLessThan(0.97 * mean(opponents.slice(0, 3)));
    expect([...trainer.objective.model(trainer.modelWeights).keys()].join()).not.toContain('discriminator');
  }, 280_000);

  it('is not for codecs of features', () => {
    const features = loadRecipe('mel-24k', ['training.adversary={}']);
    expect(() => new CodecObjective(features, engine)).toThrow(/against a discriminator/);
  });
});
