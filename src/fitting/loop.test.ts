import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { float32, type HostTensor } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import { adamScalars, adamStep } from '../nn/adam.ts';
import { adamRule } from './adam.ts';
import { WindowedGrid } from './grid.ts';
import { type FitProgress, runFit } from './loop.ts';
import type { FitProblem } from './problem.ts';
import type { StepRule } from './step-rule.ts';
import { testSettings as settings, TestCheckpoint } from './test-fits.ts';

/**
 * A grid of 4 x 6 that is to become its target times a scalar that is fitted too, window after window of 2 x 2.
 * @param parts of a run: 1, or 2, each with a row of the window
 */
function problem(parts: 1 | 2 = 1): FitProblem & { grid: WindowedGrid } {
  const size: [number, number] = [2 / parts, 2];
  const grid = new WindowedGrid(new Float32Array(24), [4, 6], size);
  const places = Array.from({ length: 6 }, (_, i) => [2 * Math.floor(i / 3), 2 * (i % 3)] as const);
  return {
    grid,
    parameters: new Map<string, HostTensor>([['scale', float32([1], Float32Array.of(0.5))]]),
    grids: new Map([['grid', grid]]),
    runsPerStep: places.length,
    partsPerRun: parts,
    loss(graph) {
      const value = tf.mul(graph.parameter('grid'), graph.parameter('scale'));
      const error = tf.div(tf.sum(tf.square(tf.sub(value, graph.input('target', size)))), 4) as tf.Scalar;
      return { total: error, error, rate: tf.scalar(0) };
    },
    draw(run, _phase, _progress, _rng, part) {
      const [windowTop, left] = places[run % places.length]!;
      const top = windowTop + part;
      const target = Float32Array.from(
        { length: 4 / parts },
        (_, i) => top + (i >> 1) + (left + (i & 1)) / 10,
      );
      return {
        inputs: { target: float32(size, target) },
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

  it('comes to the same whether its runs are one graph or two parts', async () => {
    const engine = await createEngine('onnx', { threads: 1 });
    const options = { engine, settings: { ...settings, gradientClip: 1 }, steps: 20, lambda: 0, seed: 1 };
    const [whole, halves] = [problem(1), problem(2)];
    const a = await runFit(whole, options);
    const b = await runFit(halves, options);
    expect(b.parameters.get('scale')!.data[0]).toBeCloseTo(a.parameters.get('scale')!.data[0]!, 4);
    for (const [i, value] of halves.grid.values.entries())
      expect(value).toBeCloseTo(whole.grid.values[i]!, 4);
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
    expect(outcome).toMatchObject({ interrupted: true });
    expect(fitted.grid.values.some((value) => value !== 0)).toBe(true);
  });

  it('keeps the values that lost least, where a step is one run', async () => {
    const engine = await createEngine('onnx', { threads: 1 });
    const rates: number[] = [];
    const away: FitProblem = {
      parameters: new Map([['x', float32([1], Float32Array.of(3))]]),
      runsPerStep: 1,
      loss(graph) {
        const error = tf.sum(tf.square(tf.sub(graph.parameter('x'), 0.1))) as tf.Scalar;
        return { total: error, error, rate: tf.scalar(0) };
      },
      draw: () => ({ inputs: {} }),
    };
    const options = {
      engine,
      settings: { ...settings, learningRate: 1, roundedShare: 1 },
      steps: 9,
      lambda: 0,
      seed: 1,
    };
    const { parameters } = await runFit(away, {
      ...options,
      onProgress({ phase, psnrDb }) {
        // All steps are rounded where that is all of their share.
        expect(phase).toBe('rounded');
        rates.push(10 ** (-psnrDb / 10));
      },
    });
    const kept = (parameters.get('x')!.data[0]! - 0.1) ** 2;
    expect(kept).toBeCloseTo(Math.min(...rates), 5);
    expect(rates.at(-1)).toBeGreaterThan(kept);
  });

  it('says so when it diverges', async () => {
    const engine = await createEngine('onnx', { threads: 1 });
    const options = { engine, settings: { ...settings, learningRate: 1e38 }, steps: 20, lambda: 0, seed: 1 };
    await expect(runFit(problem(), options)).rejects.toThrow(/this fit diverged.*smaller fit.learningRate/);
  });

  it('goes on from the middle of a step as if it had not stopped', async () => {
    const engine = await createEngine('onnx', { threads: 1 });
    const options = { engine, settings, steps: 8, lambda: 0, seed: 1 };
    const whole = problem();
    const wanted = await runFit(whole, options);
    const checkpoint = new TestCheckpoint();
    // Kept after 4 of the 6 runs of the second step, then after 3 of the last, the second that is rounded.
    for (const runs of [10, 45]) {
      await runFit(problem(), { ...options, checkpoint, abort: checkpoint.abortAfter(runs) });
      const { kept } = checkpoint;
      expect(6 * kept!.step + kept!.runs).toBe(runs);
      expect(kept!.bestTotal === undefined).toBe(runs === 10);
    }
    const last = problem();
    const outcome = await runFit(last, { ...options, checkpoint });
    expect(outcome).toEqual(wanted);
    expect(last.grid.values).toEqual(whole.grid.values);
  });
});

describe('WindowedGrid', () => {
  const rule: StepRule = (values, _m, _v, gradient, from, to) => {
    for (let i = from; i < to; i++) values[i]! -= gradient[i]!;
  };

  it('repeats its edges where a window reaches over them, and drops gradients of that', () => {
    const grid = new WindowedGrid(Float32Array.of(1, 2, 3, 4), [2, 2], [3, 3]);
    const window = new Float32Array(9);
    grid.read([-1, 0], window);
    expect([...window]).toEqual([1, 2, 2, 1, 2, 2, 3, 4, 4]);
    grid.addGradient(
      [-1, 0],
      Float32Array.from({ length: 9 }, (_, i) => i),
    );
    expect(grid.squaredNorm()).toBe(3 ** 2 + 4 ** 2 + 6 ** 2 + 7 ** 2);
    grid.step(rule);
    expect([...grid.values]).toEqual([1 - 3, 2 - 4, 3 - 6, 4 - 7]);
    expect(grid.squaredNorm()).toBe(0);
  });

  it('adds up gradients where windows overlap, and leaves alone what lies beyond them', () => {
    const grid = new WindowedGrid(new Float32Array(6), [1, 6], [1, 3]);
    const ones = new Float32Array(3).fill(1);
    grid.addGradient([0, 0], ones);
    grid.addGradient([0, 1], ones);
    // Wholly outside: nothing.
    grid.addGradient([0, 9], ones);
    grid.step(rule);
    expect([...grid.values].map((value) => 0 - value)).toEqual([1, 2, 2, 1, 0, 0]);
    grid.read([0, 7], ones);
    expect([...ones].every((value) => value === 0)).toBe(true);
  });
});

describe('adamRule', () => {
  it('does what the step in a graph does', async () => {
    const engine = await createEngine('onnx', { threads: 1 });
    const options = { beta1: 0.9, beta2: 0.99, clip: 0.5, averageDecay: 0 };
    const graph = await engine.compile((io) => {
      const value = io.input('param:x', [3]);
      const gradient = io.input('gradient', [3]);
      adamStep(io, new Map([['x', { value, gradient }]]), options);
    });
    const values = Float32Array.of(1, -2, 3);
    const [m, v] = [new Float32Array(3), new Float32Array(3)];
    let inGraph: Record<string, HostTensor> = { 'param:x': float32([3], Float32Array.from(values)) };
    for (let step = 1; step <= 4; step++) {
      const gradient = Float32Array.of(0.3 * step, -0.1, 1 / step);
      const scalars = Object.entries(adamScalars(0.01, step, options));
      const feeds = Object.fromEntries(
        scalars.map(([name, value]) => [name, float32([], Float32Array.of(value))]),
      );
      inGraph = await graph.run((name) => ({ ...inGraph, ...feeds, gradient: float32([3], gradient) })[name]);
      const scale = Math.min(1, 0.5 / (Math.hypot(...gradient) + 1e-6));
      const rule = adamRule({ learningRate: 0.01, beta1: 0.9, beta2: 0.99, scale }, step, { rate: 1 });
      rule(values, m, v, gradient, 0, 3);
      for (const i of values.keys()) expect(values[i]).toBeCloseTo(inGraph['param:x']!.data[i]!, 5);
    }
    await graph.dispose();
  });
});
