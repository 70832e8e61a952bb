import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { float32, type HostTensor } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import { WindowedGrid } from './grid.ts';
import { type FitProblem, type FitProgress, runFit } from './loop.ts';

const settings = {
  learningRate: 0.05,
  learningRateFloor: 0.02,
  warmupSteps: 1,
  roundedShare: 0.25,
  adamBeta1: 0.9,
  adamBeta2: 0.99,
  gradientClip: 1e6,
};

/** A grid of 4 x 6 that is to become its target times a scalar that is fitted too, window after window of 2 x 2. */
function problem(): FitProblem & { grid: WindowedGrid } {
  const grid = new WindowedGrid(new Float32Array(24), [4, 6], [2, 2]);
  const places = Array.from({ length: 6 }, (_, i) => [2 * Math.floor(i / 3), 2 * (i % 3)] as const);
  return {
    grid,
    parameters: new Map<string, HostTensor>([['scale', float32([1], Float32Array.of(0.5))]]),
    grids: new Map([['grid', grid]]),
    runsPerStep: places.length,
    loss(graph) {
      const value = tf.mul(graph.parameter('grid'), graph.parameter('scale'));
      const error = tf.mean(tf.square(tf.sub(value, graph.input('target', [2, 2])))) as tf.Scalar;
      return { total: error, error, rate: tf.scalar(0) };
    },
    draw(run) {
      const [top, left] = places[run % places.length]!;
      const target = Float32Array.from({ length: 4 }, (_, i) => top + (i >> 1) + (left + (i & 1)) / 10);
      return {
        inputs: { target: float32([2, 2], target) },
        at: { grid: [top, left] },
      };
    },
  };
}

describe('runFit', () => {
  it('fits parameters and grids, and tells how it goes', async () => {
    const engine = await createEngine('onnx', { threads: 1 });
    const fitted = problem();
    const told: FitProgress[] = [];
    const outcome = await runFit(fitted, {
      engine,
      settings,
      steps: 200,
      lambda: 0,
      seed: 1,
      onProgress: (p) => told.push(p),
    });
    const scale = outcome.parameters.get('scale')!.data[0]!;
    for (const [i, value] of fitted.grid.values.entries()) {
      expect(value * scale).toBeCloseTo(Math.floor(i / 6) + (i % 6) / 10, 1);
    }
    expect(told).toHaveLength(200);
    expect(told.at(-1)).toMatchObject({
      step: 200,
      steps: 200,
      phase: 'rounded',
      secondsLeft: 0,
    });
    expect(told[149]!.phase).toBe('noise');
    expect(told.at(-1)!.psnrDb).toBeGreaterThan(told[0]!.psnrDb + 10);
    expect(outcome.interrupted).toBe(false);
  });

  it('ends at an abort with what it has', async () => {
    const engine = await createEngine('onnx', { threads: 1 });
    const stop = new AbortController();
    const fitted = problem();
    const onProgress = ({ step }: FitProgress) => {
      if (step === 5) stop.abort();
    };
    const outcome = await runFit(fitted, {
      engine,
      settings,
      steps: 200,
      lambda: 0,
      seed: 1,
      onProgress,
      abort: stop.signal,
    });
    expect(outcome).toMatchObject({ steps: 5, interrupted: true });
    expect(fitted.grid.values.some((value) => value !== 0)).toBe(true);
  });
});

describe('WindowedGrid', () => {
  it('repeats its edges where a window reaches over them, and drops what becomes of that', () => {
    const grid = new WindowedGrid(Float32Array.of(1, 2, 3, 4), [2, 2], [3, 3]);
    const buffers = {
      param: new Float32Array(9),
      m: new Float32Array(9),
      v: new Float32Array(9),
    };
    grid.read([-1, 0], (part) => buffers[part]);
    expect([...buffers.param]).toEqual([1, 2, 2, 1, 2, 2, 3, 4, 4]);
    buffers.param = buffers.param.map((_, i) => 10 + i);
    grid.write([-1, 0], (part) => buffers[part]);
    expect([...grid.values]).toEqual([13, 14, 16, 17]);
  });
});
