import * as tf from '@tensorflow/tfjs-core';
import { Rng } from '../core/rng.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import type { CompiledGraph, Engine, GraphIo } from '../engine/engine.ts';
import { loadGradients } from '../engine/gradients.ts';
import { adamScalars, adamStep, cosineSchedule } from '../nn/adam.ts';
import type { WindowedGrid } from './grid.ts';
import type { FitOptions } from './representation.ts';

/**
 * How values that will be rounded are treated: first with noise in place of the rounding, which has a gradient; then
 * rounded, the gradient passing straight through (Kim et al., "C3", arXiv:2312.02753, section 3.1).
 */
export type Phase = 'noise' | 'rounded';

/** Names of what a problem's graph reads and is given: `parameter` gives a trained tensor, or the window of a grid. */
export interface StepGraph extends GraphIo {
  parameter(name: string): tf.Tensor;
}

export interface StepLoss {
  /** What is made small, e.g. error + lambda * rate. */
  readonly total: tf.Scalar;
  /** Mean squared error, samples in [0, 1]. */
  readonly error: tf.Scalar;
  /** Estimated bits per pixel, or per sample of sound. */
  readonly rate: tf.Scalar;
}

export interface StepInputs {
  readonly inputs: Readonly<Record<string, HostTensor>>;
  /** Row and column of each grid's window. */
  readonly at?: Readonly<Record<string, readonly [number, number]>>;
}

/** What is to be fitted. */
export interface FitProblem {
  /** Trained as a whole in every step. */
  readonly parameters: ReadonlyMap<string, HostTensor>;
  /** Too large for that: each step trains a window. */
  readonly grids?: ReadonlyMap<string, WindowedGrid>;
  /** Runs of the graph in which the whole signal is seen once. */
  readonly runsPerStep: number;
  /** How many times the learning rate a parameter or grid learns at in a phase; 1 if absent, 0 for not at all. */
  rateOf?(name: string, phase: Phase): number;
  /** Adam's beta1 of a parameter or grid; that of the settings if absent. */
  beta1Of?(name: string): number | undefined;
  /** Records the loss of one run; called once for each phase. */
  loss(graph: StepGraph, phase: Phase): StepLoss;
  /** Inputs of run number `run`; `progress` in [0, 1) of the phase. */
  draw(run: number, phase: Phase, progress: number, rng: Rng): StepInputs;
}

export interface FitProgress {
  /** From 1. */
  readonly step: number;
  readonly steps: number;
  readonly phase: Phase;
  /** Means over the step. */
  readonly psnrDb: number;
  readonly rate: number;
  readonly stepsPerSecond: number;
  readonly secondsLeft: number;
}

export interface FitOutcome {
  /** The best there was. Grids hold theirs themselves. */
  readonly parameters: Map<string, HostTensor>;
  readonly steps: number;
  readonly interrupted: boolean;
}

type Named = Record<string, HostTensor>;

/**
 * Fits a problem with Adam, each run one graph. In the rounded phase, whose losses are what the file will have, the best
 * step is kept; before it, the last.
 */
export async function runFit(problem: FitProblem, options: FitOptions): Promise<FitOutcome> {
  await loadGradients();
  const run = new FitRun(problem, options);
  try {
    return await run.toEnd();
  } finally {
    await run.dispose();
  }
}

class FitRun {
  private readonly problem: FitProblem;
  private readonly options: FitOptions;
  private readonly rng: Rng;
  private graph: CompiledGraph | undefined;
  /** Parameters and Adam's moments, twice: read from one set, written to the other, then swapped. */
  private current: Named = {};
  private next: Named = {};
  private runs = 0;

  constructor(problem: FitProblem, options: FitOptions) {
    this.problem = problem;
    this.options = options;
    this.rng = new Rng(options.seed);
    const trained = new Map(problem.parameters);
    for (const [name, grid] of problem.grids ?? []) trained.set(name, float32(grid.windowShape));
    for (const [name, { shape, data }] of trained) {
      this.current[`param:${name}`] = float32(shape, Float32Array.from(data));
      for (const moment of ['m', 'v']) this.current[`${moment}:${name}`] = float32(shape);
    }
    this.next = Object.fromEntries(
      Object.entries(this.current).map(([name, { shape }]) => [name, float32(shape)]),
    );
  }

  async toEnd(): Promise<FitOutcome> {
    const { steps, settings, abort, onProgress } = this.options;
    const { runsPerStep } = this.problem;
    const rounded = steps - Math.max(1, Math.min(steps - 1, Math.round(steps * settings.roundedShare)));
    const startedAt = performance.now();
    let best = Number.POSITIVE_INFINITY;
    let parameters: Map<string, HostTensor> | undefined;
    let phase: Phase | undefined;
    let step = 0;
    for (; step < steps && !abort?.aborted; step++) {
      const wanted: Phase = step < rounded ? 'noise' : 'rounded';
      if (phase !== wanted) await this.compile(wanted);
      phase = wanted;
      const [from, to] = phase === 'noise' ? [0, rounded] : [rounded, steps];
      const sums = { total: 0, error: 0, rate: 0 };
      let done = 0;
      for (; done < runsPerStep && !abort?.aborted; done++) {
        const progress = (step + done / runsPerStep - from) / (to - from);
        const losses = await this.run(phase, progress);
        for (const name of ['total', 'error', 'rate'] as const) sums[name] += losses[name];
      }
      if (done === 0) break;
      if (phase === 'rounded' && done === runsPerStep && sums.total < best) {
        best = sums.total;
        parameters = this.parameters();
        for (const grid of this.problem.grids?.values() ?? []) grid.keep();
      }
      const seconds = (performance.now() - startedAt) / 1000;
      onProgress?.({
        step: step + 1,
        steps,
        phase,
        psnrDb: -10 * Math.log10(sums.error / done),
        rate: sums.rate / done,
        stepsPerSecond: (step + 1) / seconds,
        secondsLeft: (seconds / (step + 1)) * (steps - step - 1),
      });
    }
    if (parameters) for (const grid of this.problem.grids?.values() ?? []) grid.restore();
    return {
      parameters: parameters ?? this.parameters(),
      steps: step,
      interrupted: step < steps,
    };
  }

  async dispose(): Promise<void> {
    await this.graph?.dispose();
  }

  private async compile(phase: Phase): Promise<void> {
    await this.graph?.dispose();
    this.graph = await stepGraph(this.options.engine, this.problem, this.options.settings, phase);
  }

  private async run(phase: Phase, progress: number): Promise<Record<'total' | 'error' | 'rate', number>> {
    const { problem, options, rng } = this;
    const { settings, steps } = options;
    const { inputs, at = {} } = problem.draw(this.runs, phase, progress, rng);
    this.runs++;
    const adam = adamOf(settings);
    const learningRate = cosineSchedule(
      this.runs,
      steps * problem.runsPerStep,
      settings.learningRate,
      settings.warmupSteps,
      settings.learningRateFloor,
    );
    const scalars = Object.entries(adamScalars(learningRate, this.runs, adam));
    const feeds: Named = {
      ...inputs,
      ...Object.fromEntries(scalars.map(([name, value]) => [name, float32([], Float32Array.of(value))])),
    };
    for (const [name, grid] of problem.grids ?? []) {
      grid.read(at[name] ?? [0, 0], (part) => this.current[`${part}:${name}`]!.data as Float32Array);
    }
    const results = await this.graph!.run((name) => feeds[name] ?? this.current[name], this.next);
    for (const [name, grid] of problem.grids ?? []) {
      grid.write(at[name] ?? [0, 0], (part) => this.next[`${part}:${name}`]!.data as Float32Array);
    }
    [this.current, this.next] = [this.next, this.current];
    const value = (name: string) => results[name]!.data[0]!;
    return {
      total: value('total'),
      error: value('error'),
      rate: value('rate'),
    };
  }

  private parameters(): Map<string, HostTensor> {
    return new Map(
      [...this.problem.parameters.keys()].map((name) => {
        const { shape, data } = this.current[`param:${name}`]!;
        return [name, float32(shape, Float32Array.from(data))];
      }),
    );
  }
}

function adamOf({ adamBeta1: beta1, adamBeta2: beta2, gradientClip: clip }: FitOptions['settings']) {
  return { beta1, beta2, clip, averageDecay: 0 };
}

/** Forward, backward and the optimiser's step of one run. */
function stepGraph(
  engine: Engine,
  problem: FitProblem,
  settings: FitOptions['settings'],
  phase: Phase,
): Promise<CompiledGraph> {
  const shapes = new Map<string, readonly number[]>();
  for (const [name, { shape }] of problem.parameters) shapes.set(name, shape);
  for (const [name, { windowShape }] of problem.grids ?? []) shapes.set(name, windowShape);
  const names = [...shapes.keys()];
  return engine.compile((io) => {
    const values = names.map((name) => io.input(`param:${name}`, shapes.get(name)!));
    const parameter = (name: string) => io.input(`param:${name}`, shapes.get(name)!);
    const { value, grads } = tf.valueAndGrads(() => {
      const { total, error, rate } = problem.loss({ ...io, parameter }, phase);
      io.output('error', error);
      io.output('rate', rate);
      return total;
    })(values);
    io.output('total', value);
    const gradients = new Map(names.map((name, i) => [name, { value: values[i]!, gradient: grads[i]! }]));
    adamStep(io, gradients, adamOf(settings), (name) => {
      const beta1 = problem.beta1Of?.(name);
      return { rate: problem.rateOf?.(name, phase) ?? 1, ...(beta1 !== undefined && { beta1 }) };
    });
  });
}
