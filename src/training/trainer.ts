import type { Tensor3D } from '@tensorflow/tfjs-core';
import { Rng } from '../core/rng.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import type { CompiledGraph, Engine, GraphIo } from '../engine/engine.ts';
import { loadGradients } from '../engine/gradients.ts';
import { type AdamOptions, cosineSchedule } from '../nn/adam.ts';
import { InputParams, type Weights } from '../nn/params.ts';
import { WholeTimeline } from '../nn/timeline.ts';
import type { TrainingOptions } from '../recipe/schema.ts';
import { drawBatch } from './batches.ts';
import type { TrainingState } from './checkpoint.ts';
import type { Clip } from './dataset.ts';
import type { Named, Objective, Opponent } from './objective.ts';
import { freshState, Optimised } from './optimised.ts';

export interface StepReport {
  readonly step: number;
  /** The objective's losses, `total` and `gradientNorm`. */
  readonly losses: Readonly<Record<string, number>>;
  /** What the objective tells beside them. */
  readonly notes: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly seconds: number;
}

/** The learning rate at the end, over that at its peak. */
export const SCHEDULE_END = 0.05;
export const VALIDATION_BATCHES = 8;
/** What reports call an opponent's loss. */
export const OPPONENT_LOSS = 'opponent';

/** A training run: `step()` again and again; `state` is what a checkpoint holds. */
export class Trainer {
  readonly state: TrainingState;
  readonly objective: Objective;
  private readonly options: TrainingOptions;
  private readonly optimised: Optimised;
  private readonly opponent: Optimised | undefined;
  private readonly pass: CompiledGraph;
  private readonly rng: Rng;

  private constructor(
    objective: Objective,
    options: TrainingOptions,
    state: TrainingState,
    optimised: Optimised,
    opponent: Optimised | undefined,
    pass: CompiledGraph,
  ) {
    this.objective = objective;
    this.options = options;
    this.state = state;
    this.optimised = optimised;
    this.opponent = opponent;
    this.pass = pass;
    this.rng = new Rng(0);
    this.rng.state = state.rng;
  }

  /** Builds the graphs. `restore` may overwrite the fresh state, e.g. from a checkpoint. */
  static async create(
    objective: Objective,
    options: TrainingOptions,
    engine: Engine,
    seed: number,
    restore: (state: TrainingState) => void = () => {},
  ): Promise<Trainer> {
    await loadGradients();
    const state = startState(objective, options, seed, restore);
    const loss = lossGraph(objective, state.weights);
    const optimised = await Optimised.create(engine, state, adamOptions(options), loss);
    const opponent =
      objective.opponent && state.opponent
        ? await Optimised.create(
            engine,
            state.opponent,
            opponentOptions(options),
            opponentLoss(objective, objective.opponent, state.opponent.weights),
          )
        : undefined;
    const pass = await engine.compile((io) => io.output('total', loss(io)));
    return new Trainer(objective, options, state, optimised, opponent, pass);
  }

  /** Seconds of sound in a batch. */
  get batchSeconds(): number {
    const { batchShape, sampleRateHz } = this.objective;
    const [batch, samples] = batchShape;
    return (batch * samples) / sampleRateHz;
  }

  async step(clips: readonly Clip[], totalSteps: number): Promise<StepReport> {
    const start = performance.now();
    const { objective, rng } = this;
    const step = this.state.step + 1;
    const x = this.draw(clips);
    const probe = (inputs: Named) => this.forward({ ...inputs, x: this.draw(clips) }, false);
    const inputs = await objective.inputs(step, rng, probe);
    const learningRate = schedule(step, totalSteps, this.options);
    const outputs = await this.optimised.step(step, learningRate, {
      ...this.opponent?.values(),
      ...inputs,
      x,
    });
    const losses = this.lossesOf(outputs);
    if (this.opponent) {
      const shown = Object.fromEntries(objective.opponent!.shown.map((name) => [name, outputs[name]!]));
      const { total } = await this.opponent.step(step, learningRate, { ...shown, x });
      losses[OPPONENT_LOSS] = total!.data[0]!;
    }
    const notes = objective.update(step, outputs, rng);
    this.state.step = step;
    this.state.rng = rng.state;
    const seconds = (performance.now() - start) / 1000;
    return { step, losses, notes, learningRate, seconds };
  }

  /** Mean losses over fixed batches of `clips`, of the averaged weights where they are kept, by condition. */
  async validate(
    clips: readonly Clip[],
    batches = VALIDATION_BATCHES,
  ): Promise<Record<string, Record<string, number>>> {
    const result: Record<string, Record<string, number>> = {};
    const plain = { ...this.options.augment, mixShare: 0, speedShare: 0, bandShare: 0 };
    for (const [condition, inputs] of Object.entries(this.objective.conditions())) {
      const rng = new Rng(1);
      const sums: Record<string, number> = {};
      for (let i = 0; i < batches; i++) {
        const outputs = await this.forward({ ...inputs, x: this.draw(clips, rng, plain) }, true);
        for (const [name, value] of Object.entries(this.lossesOf(outputs))) {
          sums[name] = (sums[name] ?? 0) + value / batches;
        }
      }
      result[condition] = sums;
    }
    return result;
  }

  /** The model as inference should have it: of the averaged weights where they are kept. */
  get modelWeights(): Weights {
    return this.state.averages.size > 0 ? this.state.averages : this.state.weights;
  }

  private forward(inputs: Named, averaged: boolean): Promise<Record<string, HostTensor>> {
    const weights = { ...this.opponent?.values(), ...this.optimised.values(averaged) };
    return this.pass.run((name) => inputs[name] ?? weights[name]);
  }

  private draw(clips: readonly Clip[], rng = this.rng, augment = this.options.augment): HostTensor {
    const { batchShape, sampleRateHz } = this.objective;
    return float32(batchShape, drawBatch(clips, batchShape, sampleRateHz, augment, rng));
  }

  private lossesOf(outputs: Named): Record<string, number> {
    const names = ['total', ...this.objective.losses, 'gradientNorm'].filter((name) => outputs[name]);
    return Object.fromEntries(names.map((name) => [name, outputs[name]!.data[0]!]));
  }
}

/** The state a run starts from. `restore` may overwrite the fresh one. */
export function startState(
  objective: Objective,
  options: TrainingOptions,
  seed: number,
  restore: (state: TrainingState) => void,
): TrainingState {
  const state: TrainingState = {
    step: 0,
    rng: new Rng(seed).state,
    ...freshState(objective.freshWeights(new Rng(seed)), options.averageDecay),
    learned: objective.learned,
    opponent: objective.opponent && freshState(objective.opponent.freshWeights(new Rng(seed)), 0),
  };
  restore(state);
  return state;
}

/** A forward pass, all its inputs declared as the graph's. */
export function lossGraph(objective: Pick<Objective, 'batchShape' | 'forward'>, weights: Weights) {
  return (io: GraphIo) =>
    objective.forward(io, io.input('x', objective.batchShape) as Tensor3D, {
      params: new InputParams(io, weights),
      time: new WholeTimeline(),
    });
}

/** The same for an opponent, which nothing but the objective sees: without averages. */
export function opponentOptions(options: TrainingOptions): AdamOptions {
  return { ...adamOptions(options), averageDecay: 0 };
}

/** An opponent's loss on a batch. */
export function opponentLoss(objective: Objective, opponent: Opponent, weights: Weights) {
  return lossGraph(
    { batchShape: objective.batchShape, forward: (io, x, scope) => opponent.forward(io, x, scope) },
    weights,
  );
}

export function adamOptions(options: TrainingOptions): AdamOptions {
  const { adamBeta1, adamBeta2, gradientClip, averageDecay } = options;
  return { beta1: adamBeta1, beta2: adamBeta2, clip: gradientClip, averageDecay };
}

/** Linear warm-up, then half a cosine down to the end's. */
export function schedule(
  step: number,
  total: number,
  { learningRate: peak, warmupSteps: warmup }: Pick<TrainingOptions, 'learningRate' | 'warmupSteps'>,
): number {
  return cosineSchedule(step, total, peak, warmup, SCHEDULE_END);
}
