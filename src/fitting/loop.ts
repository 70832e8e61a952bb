import { CodecError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import type { HostTensor } from '../core/tensor.ts';
import type { CompiledGraph } from '../engine/engine.ts';
import { loadGradients } from '../engine/gradients.ts';
import { cosineSchedule } from '../nn/adam.ts';
import { adamRule } from './adam.ts';
import type { Losses } from './checkpoint.ts';
import { gradientGraph } from './gradient-graph.ts';
import { Muon } from './muon.ts';
import type { FitProblem, Phase } from './problem.ts';
import type { FitOptions } from './representation.ts';
import { type Places, TrainedState } from './trained-state.ts';

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
  readonly interrupted: boolean;
}

const LOSSES = ['total', 'error', 'rate'] as const;

/**
 * Fits a problem with Adam, its matrices with Muon where the settings say so. In the rounded phase, whose losses are what the file
 * will have, the best step is kept; before it, the last. Throws the reason of an abort that is a `CodecError`.
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
  private compiledFor: Phase | undefined;
  private muon: Muon | undefined;
  /** Steps that are done; runs of the next one, what they lost, and where its random numbers began. */
  private step = 0;
  private runs = 0;
  private sums = noLosses();
  private rngAtStep: readonly number[];
  /** Of the rounded steps. */
  private bestTotal: number | undefined;

  constructor(problem: FitProblem, options: FitOptions) {
    this.problem = problem;
    this.options = options;
    this.rng = new Rng(options.seed);
    this.rngAtStep = this.rng.state;
    this.parts = problem.partsPerRun ?? 1;
    this.state = new TrainedState(problem.parameters, problem.grids ?? new Map(), this.parts);
  }

  async toEnd(): Promise<FitOutcome> {
    const { steps, abort, onProgress, settings, engine } = this.options;
    this.goOn();
    if (settings.muonScale > 0) this.muon = await Muon.create(engine, this.problem.parameters);
    const firstStep = this.step;
    const startedAt = performance.now();
    while (this.step < steps && !abort?.aborted) {
      const { phase } = this.moment();
      await this.compile(phase);
      await this.runsOfStep(phase);
      if (this.runs < this.problem.runsPerStep) break;
      if (this.problem.runsPerStep > 1) this.judge(phase);
      const { error, rate } = this.sums;
      this.step++;
      const seconds = (performance.now() - startedAt) / 1000;
      const secondsPerStep = seconds / (this.step - firstStep);
      onProgress?.({
        step: this.step,
        steps,
        phase,
        psnrDb: -10 * Math.log10(error / this.runs),
        rate: rate / this.runs,
        stepsPerSecond: 1 / secondsPerStep,
        secondsLeft: secondsPerStep * (steps - this.step),
      });
      this.runs = 0;
      this.sums = noLosses();
      this.rngAtStep = this.rng.state;
    }
    await this.save();
    if (abort?.reason instanceof CodecError) throw abort.reason;
    this.state.restore();
    return {
      parameters: this.state.parameters(),
      interrupted: this.step < steps,
    };
  }

  async dispose(): Promise<void> {
    await this.disposeGraphs();
    await this.muon?.dispose();
  }

  private async disposeGraphs(): Promise<void> {
    for (const graph of this.graphs) await graph.dispose();
    this.graphs = [];
  }

  /** Goes to where the fit was when it was last kept. */
  private goOn(): void {
    const kept = this.options.checkpoint?.load();
    if (!kept) return;
    this.state.adopt(kept.tensors);
    this.step = kept.step;
    this.sums = { ...kept.sums };
    this.bestTotal = kept.bestTotal;
    this.rngAtStep = kept.rng;
    this.rng.state = kept.rng;
    // What was drawn so far in the step brings the problem and the random numbers to where they were.
    for (; this.runs < kept.runs; this.runs++) {
      const { phase, progress } = this.moment();
      for (let part = 0; part < this.parts; part++) {
        this.problem.draw(this.run, phase, progress, this.rng, part);
      }
    }
  }

  private async save(): Promise<void> {
    const { step, runs, sums, bestTotal, rngAtStep: rng } = this;
    await this.options.checkpoint?.save({
      ...{ step, runs, sums, bestTotal, rng },
      tensors: this.state.tensors(),
    });
  }

  /** Number of the next run, from 0. */
  private get run(): number {
    return this.step * this.problem.runsPerStep + this.runs;
  }

  /** The phase of the next run, and how much of the phase is done. */
  private moment(): { readonly phase: Phase; readonly progress: number } {
    const { steps, settings } = this.options;
    const rounded = steps - Math.max(1, Math.min(steps, Math.round(steps * settings.roundedShare)));
    const phase = this.step < rounded ? 'noise' : 'rounded';
    const [from, to] = phase === 'noise' ? [0, rounded] : [rounded, steps];
    const at = this.step + this.runs / this.problem.runsPerStep;
    return { phase, progress: (at - from) / (to - from) };
  }

  private async compile(phase: Phase): Promise<void> {
    if (phase === this.compiledFor) return;
    await this.disposeGraphs();
    const graph = gradientGraph(this.problem, this.state.windowShapes, phase);
    this.graphs = await this.options.engine.compileCopies(graph, this.parts);
    this.compiledFor = phase;
  }

  /** The runs of a step that are not done, up to an abort. */
  private async runsOfStep(phase: Phase): Promise<void> {
    const { abort, checkpoint } = this.options;
    while (this.runs < this.problem.runsPerStep && !abort?.aborted) {
      const { losses, places } = await this.oneRun(phase);
      for (const each of losses) {
        for (const name of LOSSES) this.sums[name] += each[name];
      }
      // Where a step is one run the loss is that of the values before it.
      if (this.problem.runsPerStep === 1) this.judge(phase);
      await this.descend(places, phase);
      this.runs++;
      if (checkpoint?.isDue()) await this.save();
    }
  }

  /** One run: its parts, each copy of the graph taking its share of them. Their gradients are in the state. */
  private async oneRun(phase: Phase): Promise<{ losses: Losses[]; places: Places[] }> {
    const { graphs, state, problem, run } = this;
    const { progress } = this.moment();
    const places: Places[] = [];
    const computed: Promise<Losses>[] = [];
    for (let part = 0; part < this.parts; part++) {
      const { inputs, at = {} } = problem.draw(run, phase, progress, this.rng, part);
      const feeds = { ...inputs, ...state.read(part, at) };
      const earlier = computed[part - graphs.length];
      const compute = async () => {
        await earlier;
        const graph = graphs[part % graphs.length]!;
        const results = await graph.run((name) => feeds[name], state.gradients(part));
        return Object.fromEntries(LOSSES.map((name) => [name, results[name]!.data[0]!])) as unknown as Losses;
      };
      places.push(at);
      computed.push(compute());
    }
    const losses = await Promise.all(computed);
    return { losses, places };
  }

  /** Keeps the values if no rounded step lost less. Throws where the step's loss is no number. */
  private judge(phase: Phase): void {
    const { total } = this.sums;
    if (!Number.isFinite(total)) {
      throw new CodecError('bad-argument', {
        what: 'this fit diverged',
        found: `a loss of ${total} in step ${this.step + 1}`,
        remedy: 'Take a smaller fit.learningRate.',
      });
    }
    if (phase === 'noise' || total >= (this.bestTotal ?? Number.POSITIVE_INFINITY)) return;
    this.bestTotal = total;
    this.state.keep();
  }

  /** A step along what the parts of a run gave in sum. */
  private async descend(places: readonly Places[], phase: Phase): Promise<void> {
    const { problem, state, muon } = this;
    const matrixRates = new Map<string, number>();
    const { settings, steps } = this.options;
    const update = this.run + 1;
    const learningRate = cosineSchedule(
      update,
      steps * problem.runsPerStep,
      settings.learningRate,
      settings.warmupSteps,
      settings.learningRateFloor,
    );
    state.step(places, (name, norm) => {
      const scale = Math.min(1, settings.gradientClip / (norm + 1e-6));
      const rate = problem.rateOf?.(name, phase) ?? 1;
      if (rate === 0) return undefined;
      const matrixRule = muon?.ruleOf(name, scale);
      if (matrixRule) {
        matrixRates.set(name, learningRate * rate);
        return matrixRule;
      }
      const { adamBeta1: beta1, adamBeta2: beta2 } = settings;
      const own = { rate, beta1: problem.beta1Of?.(name) };
      return adamRule({ learningRate, beta1, beta2, scale }, update, own);
    });
    if (!muon || matrixRates.size === 0) return;
    const directions = await muon.directions();
    for (const [name, rate] of matrixRates) {
      state.move(name, directions.get(name)!, {
        factor: -rate * settings.muonScale,
        keep: 1 - rate * settings.muonDecay,
      });
    }
  }
}

function noLosses(): Losses {
  return { total: 0, error: 0, rate: 0 };
}
