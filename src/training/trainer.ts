import type { Tensor2D } from '@tensorflow/tfjs-core';
import { codebooksFor } from '../codec/bitrate.ts';
import { CodecError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import { type CompiledGraph, compile, type Engine, type Feed } from '../engine/engine.ts';
import { loadGradients } from '../engine/gradients.ts';
import { nearestVectors } from '../quantizers/rvq.ts';
import { freshWeights } from '../recipe/fresh-weights.ts';
import type { Recipe } from '../recipe/schema.ts';
import { buildStages } from '../recipe/stages.ts';
import { adamScalars } from './adam.ts';
import type { TrainingState } from './checkpoint.ts';
import { CodebookAverages, type Nearest } from './codebook-averages.ts';
import { type Clip, drawBatch } from './dataset.ts';
import { rowsPerBatch, type TrainingModel, trainingGraph, validationGraph } from './graphs.ts';

export interface StepReport {
  readonly step: number;
  readonly losses: Readonly<Record<string, number>>;
  readonly learningRate: number;
  readonly replacedCodes: number;
  readonly seconds: number;
}

const LOSSES = ['total', 'features', 'waveform', 'mel', 'spectrum', 'commitment', 'gradientNorm'];
const INITIAL_BATCHES = 12;
const KMEANS_ROUNDS = 4;

type Named = Record<string, HostTensor>;

/** A training run: `step()` again and again; `state` is what a checkpoint holds. */
export class Trainer {
  readonly state: TrainingState;
  private readonly model: TrainingModel;
  private readonly engine: Engine;
  private readonly graph: CompiledGraph;
  private readonly validation: CompiledGraph;
  private readonly rng: Rng;
  /** Parameters and Adam's moments, twice: read from one set, written to the other, then swapped. */
  private current: Named;
  private next: Named;

  private constructor(
    engine: Engine,
    model: TrainingModel,
    state: TrainingState,
    graph: CompiledGraph,
    validation: CompiledGraph,
  ) {
    this.engine = engine;
    this.model = model;
    this.state = state;
    this.graph = graph;
    this.validation = validation;
    this.rng = new Rng(0);
    this.rng.state = state.rng;
    this.current = {};
    for (const name of state.weights.keys()) {
      this.current[`param:${name}`] = state.weights.get(name)!;
      this.current[`m:${name}`] = state.m.get(name)!;
      this.current[`v:${name}`] = state.v.get(name)!;
    }
    this.next = Object.fromEntries(Object.entries(this.current).map(([name, t]) => [name, float32(t.shape)]));
  }

  /** Builds the graphs. `restore` may overwrite the fresh state, e.g. from a checkpoint. */
  static async create(
    recipe: Recipe,
    engine: Engine,
    seed: number,
    restore: (state: TrainingState) => void = () => {},
  ): Promise<Trainer> {
    assertTrainable(recipe);
    await loadGradients();
    const stages = buildStages(recipe);
    const weights = freshWeights(recipe, new Rng(seed));
    const zeros = () => new Map([...weights].map(([name, t]) => [name, float32(t.shape) as HostTensor]));
    const { codebooks, codebookSize } = recipe.quantizer;
    const state: TrainingState = {
      step: 0,
      rng: new Rng(seed).state,
      weights,
      m: zeros(),
      v: zeros(),
      codebooks: new CodebookAverages(codebooks, codebookSize, recipe.latent.dimension),
    };
    restore(state);
    const model: TrainingModel = { recipe, stages, weights };
    const graph = await engine.compile((io) => trainingGraph(io, model));
    const validation = await engine.compile((io) => validationGraph(io, model));
    return new Trainer(engine, model, state, graph, validation);
  }

  private get hopLength(): number {
    return this.model.stages.encoder.hopLength;
  }

  /** Codebooks that a bitrate uses. */
  codebooksFor(kbps: number): number {
    const { signal, quantizer } = this.model.recipe;
    return codebooksFor(kbps, { ...quantizer, frameRateHz: signal.sampleRateHz / this.hopLength });
  }

  /** Seconds of audio in a batch. */
  get batchSeconds(): number {
    return (rowsPerBatch(this.model.recipe) * this.hopLength) / this.model.recipe.signal.sampleRateHz;
  }

  async step(clips: readonly Clip[], totalSteps: number): Promise<StepReport> {
    const start = performance.now();
    const { training } = this.model.recipe;
    const step = this.state.step + 1;
    const x = this.draw(clips);
    const usesCodes = step > training.unquantizedSteps;
    if (usesCodes && this.state.codebooks.empty) await this.initialiseCodebooks(clips);
    const adam = { beta1: training.adamBeta1, beta2: training.adamBeta2, clip: training.gradientClip };
    const learningRate = schedule(step, totalSteps, training.learningRate, training.warmupSteps);
    const { rate, correction } = adamScalars(learningRate, step, adam);
    const scalars: Named = {
      rate: float32([], Float32Array.of(rate)),
      correction: float32([], Float32Array.of(correction)),
    };
    const results = await this.graph.run(
      this.feed({ x, ...this.dropout(usesCodes ? training.bypassShare : 1), ...scalars }),
      this.next,
    );
    [this.current, this.next] = [this.next, this.current];
    this.publish();
    const replacedCodes = usesCodes
      ? this.state.codebooks.update(
          results.latents!.data as Float32Array,
          results.codes!.data as Int32Array,
          { decay: training.codebookDecay, deadShare: training.deadCodeShare },
          this.rng,
        )
      : 0;
    this.state.step = step;
    this.state.rng = this.rng.state;
    return {
      step,
      losses: pick(results),
      learningRate,
      replacedCodes,
      seconds: (performance.now() - start) / 1000,
    };
  }

  /** Mean losses over fixed batches of `clips` with the first `codebooks` codebooks; none means unquantized. */
  async validate(
    clips: readonly Clip[],
    codebooks: number,
    batches: number,
  ): Promise<Record<string, number>> {
    const rng = new Rng(1);
    const sums: Record<string, number> = {};
    for (let i = 0; i < batches; i++) {
      const feed = this.feed({ x: this.draw(clips, rng), ...this.fixedCodebooks(codebooks) });
      for (const [name, value] of Object.entries(pick(await this.validation.run(feed)))) {
        sums[name] = (sums[name] ?? 0) + value / batches;
      }
    }
    return sums;
  }

  private draw(clips: readonly Clip[], rng = this.rng): HostTensor {
    const { training, signal } = this.model.recipe;
    const length = training.segmentFrames * this.hopLength;
    return float32([training.batch, length, signal.channels], drawBatch(clips, training.batch, length, rng));
  }

  private feed(values: Named): Feed {
    return (name) => {
      const codebook = /^codebook:(\d+)$/.exec(name);
      if (!codebook) return values[name] ?? this.current[name];
      const { codebookSize } = this.model.recipe.quantizer;
      return float32(
        [codebookSize, this.model.recipe.latent.dimension],
        this.state.codebooks.vectors[Number(codebook[1])]!,
      );
    };
  }

  /** Quantizer dropout: each segment uses the codebooks of a bitrate drawn at random, or skips the quantizer. */
  private dropout(bypassShare: number): Named {
    const { recipe } = this.model;
    const counts = recipe.bitrates.kbps.map((kbps) => this.codebooksFor(kbps));
    return this.masks(() => (this.rng.uniform() < bypassShare ? 0 : counts[this.rng.int(counts.length)]!));
  }

  private fixedCodebooks(codebooks: number): Named {
    return this.masks(() => codebooks);
  }

  private masks(codebooksOf: (segment: number) => number): Named {
    const { training, quantizer } = this.model.recipe;
    const rows = rowsPerBatch(this.model.recipe);
    const mask = new Float32Array(quantizer.codebooks * rows);
    const bypass = new Float32Array(rows);
    for (let segment = 0; segment < training.batch; segment++) {
      const used = codebooksOf(segment);
      const [from, to] = [segment * training.segmentFrames, (segment + 1) * training.segmentFrames];
      if (used === 0) bypass.fill(1, from, to);
      for (let q = 0; q < used; q++) mask.fill(1, q * rows + from, q * rows + to);
    }
    // A batch that skips the quantizer altogether would divide its commitment by nothing.
    if (bypass.every((b) => b === 1)) mask.fill(1e-6);
    return { mask: float32([quantizer.codebooks, rows, 1], mask), bypass: float32([rows, 1], bypass) };
  }

  private async initialiseCodebooks(clips: readonly Clip[]): Promise<void> {
    const rows = rowsPerBatch(this.model.recipe);
    const { dimension } = this.model.recipe.latent;
    const latents = new Float32Array(INITIAL_BATCHES * rows * dimension);
    for (let i = 0; i < INITIAL_BATCHES; i++) {
      const results = await this.validation.run(
        this.feed({ x: this.draw(clips), ...this.fixedCodebooks(0) }),
      );
      latents.set(results.latents!.data as Float32Array, i * rows * dimension);
    }
    const points = [INITIAL_BATCHES * rows, dimension];
    const vectors = [this.model.recipe.quantizer.codebookSize, dimension];
    const search = await compile(this.engine, (x, c) => nearestVectors(x as Tensor2D, c as Tensor2D), [
      points,
      vectors,
    ]);
    const nearest: Nearest = async (x, c) => {
      const [chosen] = await search.run(float32(points, x), float32(vectors, c));
      return chosen!.data as Int32Array;
    };
    await this.state.codebooks.initialise(latents, KMEANS_ROUNDS, nearest, this.rng);
    await search.dispose();
  }

  /** Lets `state` point at the tensors last written. */
  private publish(): void {
    for (const name of this.state.weights.keys()) {
      this.state.weights.set(name, this.current[`param:${name}`]!);
      this.state.m.set(name, this.current[`m:${name}`]!);
      this.state.v.set(name, this.current[`v:${name}`]!);
    }
  }
}

function assertTrainable({ name, signal }: Recipe): void {
  if (signal.channels === 1) return;
  throw new CodecError('bad-recipe', {
    what: `cannot train ${name}`,
    found: `${signal.channels} channels`,
    expected: 'a mono recipe',
    remedy: 'Set signal.channels to 1.',
  });
}

function pick(results: Readonly<Named>): Record<string, number> {
  return Object.fromEntries(LOSSES.filter((n) => results[n]).map((n) => [n, results[n]!.data[0]!]));
}

/** Linear warm-up, then half a cosine down to a twentieth. */
function schedule(step: number, total: number, peak: number, warmup: number): number {
  if (step < warmup) return (peak * step) / warmup;
  const progress = Math.min(1, (step - warmup) / Math.max(1, total - warmup));
  return peak * (0.05 + 0.95 * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
