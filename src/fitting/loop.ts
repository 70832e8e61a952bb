import * as tf from '@tensorflow/tfjs-core';
import { Rng } from '../core/rng.ts';
import type { HostTensor } from '../core/tensor.ts';
import type { CompiledGraph, GraphFn, GraphIo } from '../engine/engine.ts';
import { loadGradients } from '../engine/gradients.ts';
import { cosineSchedule } from '../nn/adam.ts';
import { adamRule } from './adam.ts';
import type { WindowedGrid } from './grid.ts';
import type { FitOptions } from './representation.ts';
import { type Places, TrainedState } from './trained-state.ts';

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
  /** Runs in which the whole signal is seen once; after each, trained values go a step. */
  readonly runsPerStep: number;
  /**
   * Parts of a run, one if absent: runs of the graph whose losses are added, computed side by side where there are threads. A grid's
   * windows of a run's parts make up a rectangle.
   */
  readonly partsPerRun?: number;
  /** How many times the learning rate a parameter or grid learns at in a phase; 1 if absent, 0 for not at all. */
  rateOf?(name: string, phase: Phase): number;
  /** Adam's beta1 of a parameter or grid; that of the settings if absent. */
  beta1Of?(name: string): number | undefined;
  /** Records the loss of a part of a run; called once for each phase. */
  loss(graph: StepGraph, phase: Phase): StepLoss;
  /**
   * Inputs of a part of run number `run`, asked for in the order of the parts; those of other parts of the run must stay as they are.
   * @param progress in [0, 1) of the phase
   */
  draw(run: number, phase: Phase, progress: number, rng: Rng, part: number): StepInputs;
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

const LOSSES = ['total', 'error', 'rate'] as const;
type Losses = Record<(typeof LOSSES)[number], number>;

/**
 * Fits a problem with Adam. In the rounded phase, whose losses are what the file will have, the best
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
  private readonly parts: number;
  private readonly state: TrainedState;
  private graphs: readonly CompiledGraph[] = [];
  private runs = 0;

  constructor(problem: FitProblem, options: FitOptions) {
    this.problem = problem;
    this.options = options;
    this.rng = new Rng(options.seed);
    this.parts = problem.partsPerRun ?? 1;
    this.state = new TrainedState(problem.parameters, problem.grids ?? new Map(), this.parts);
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
        for (const losses of await this.run(phase, progress)) {
          for (const name of LOSSES) sums[name] += losses[name];
        }
      }
      if (done === 0) break;
      if (phase === 'rounded' && done === runsPerStep && sums.total < best) {
        best = sums.total;
        parameters = this.state.parameters();
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
      parameters: parameters ?? this.state.parameters(),
      steps: step,
      interrupted: step < steps,
    };
  }

  async dispose(): Promise<void> {
    for (const graph of this.graphs) await graph.dispose();
    this.graphs = [];
  }

  private async compile(phase: Phase): Promise<void> {
    await this.dispose();
    const graph = gradientGraph(this.problem, this.state.windowShapes, phase);
    this.graphs = await this.options.engine.compileCopies(graph, this.parts);
  }

  /** One run: its parts, each copy of the graph taking its share of them, then a step along what they give in sum. */
  private async run(phase: Phase, progress: number): Promise<Losses[]> {
    const { graphs, state, problem } = this;
    const places: Places[] = [];
    const computed: Promise<Losses>[] = [];
    for (let part = 0; part < this.parts; part++) {
      const { inputs, at = {} } = problem.draw(this.runs, phase, progress, this.rng, part);
      const feeds = { ...inputs, ...state.read(part, at) };
      const earlier = computed[part - graphs.length];
      const compute = async () => {
        await earlier;
        const graph = graphs[part % graphs.length]!;
        const results = await graph.run((name) => feeds[name], state.gradients(part));
        return Object.fromEntries(LOSSES.map((name) => [name, results[name]!.data[0]!])) as Losses;
      };
      places.push(at);
      computed.push(compute());
    }
    const losses = await Promise.all(computed);
    this.runs++;
    this.step(places, phase);
    return losses;
  }

  private step(places: readonly Places[], phase: Phase): void {
    const { problem, state, runs } = this;
    const { settings, steps } = this.options;
    const learningRate = cosineSchedule(
      runs,
      steps * problem.runsPerStep,
      settings.learningRate,
      settings.warmupSteps,
      settings.learningRateFloor,
    );
    state.step(places, (name, norm) => {
      const scale = Math.min(1, settings.gradientClip / (norm + 1e-6));
      const rate = problem.rateOf?.(name, phase) ?? 1;
      if (rate === 0) return undefined;
      const { adamBeta1: beta1, adamBeta2: beta2 } = settings;
      return adamRule({ learningRate, beta1, beta2, scale }, runs, { rate, beta1: problem.beta1Of?.(name) });
    });
  }
}

/** Forward and backward of a part of a run. */
function gradientGraph(
  problem: FitProblem,
  shapes: ReadonlyMap<string, readonly number[]>,
  phase: Phase,
): GraphFn {
  const names = [...shapes.keys()];
  return (io) => {
    const parameter = (name: string) => io.input(`param:${name}`, shapes.get(name)!);
    const { value, grads } = tf.valueAndGrads(() => {
      const { total, error, rate } = problem.loss({ ...io, parameter }, phase);
      io.output('error', error);
      io.output('rate', rate);
      return total;
    })(names.map(parameter));
    io.output('total', value);
    for (const [i, name] of names.entries()) io.output(`gradient:${name}`, grads[i]!);
  };
}
