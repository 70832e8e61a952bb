import * as tf from '@tensorflow/tfjs-core';
import { float32, type HostTensor } from '../core/tensor.ts';
import type { CompiledGraph, Engine, GraphIo } from '../engine/engine.ts';
import { type AdamOptions, adamScalars, adamStep } from '../nn/adam.ts';
import type { Weights } from '../nn/params.ts';
import type { Named } from './objective.ts';

/** Weights and what the optimiser knows of each, by weight name. */
export interface OptimiserState {
  readonly weights: Map<string, HostTensor>;
  /** Adam's first and second moments. */
  readonly m: Map<string, HostTensor>;
  readonly v: Map<string, HostTensor>;
  /** Running averages of the weights; empty when none are kept. */
  readonly averages: Map<string, HostTensor>;
}

/** What graphs call the parts of the state: `param:N` and so on. */
export const STATE_PREFIXES = { weights: 'param', m: 'm', v: 'v', averages: 'average' } as const;
const kinds = Object.keys(STATE_PREFIXES) as (keyof OptimiserState)[];

/** The state at the start. */
export function freshState(weights: Map<string, HostTensor>, averageDecay: number): OptimiserState {
  const like = (make: (t: HostTensor) => HostTensor) =>
    new Map([...weights].map(([name, tensor]) => [name, make(tensor)]));
  const zeros = (t: HostTensor) => float32(t.shape);
  const copy = (t: HostTensor) => float32(t.shape, Float32Array.from(t.data));
  return { weights, m: like(zeros), v: like(zeros), averages: averageDecay > 0 ? like(copy) : new Map() };
}

/** The graph of a step: loss, gradients, optimiser. */
export function stepGraph(
  io: GraphIo,
  weights: Weights,
  options: AdamOptions,
  loss: (io: GraphIo) => tf.Scalar,
): void {
  const names = [...weights.keys()];
  const values = names.map((name) => io.input(`param:${name}`, weights.get(name)!.shape));
  const { value, grads } = tf.valueAndGrads(() => loss(io))(values);
  const gradients = new Map(names.map((name, i) => [name, { value: values[i]!, gradient: grads[i]! }]));
  io.output('total', value);
  io.output('gradientNorm', adamStep(io, gradients, options));
}

/** Weights under training: the state is read from one set of tensors and written to another, which then change places. */
export class Optimised {
  readonly state: OptimiserState;
  private readonly graph: CompiledGraph;
  private readonly options: AdamOptions;
  private current: Record<string, HostTensor> = {};
  private next: Record<string, HostTensor> = {};

  private constructor(state: OptimiserState, graph: CompiledGraph, options: AdamOptions) {
    this.state = state;
    this.graph = graph;
    this.options = options;
    for (const kind of kinds) {
      for (const [name, tensor] of state[kind]) {
        const label = `${STATE_PREFIXES[kind]}:${name}`;
        this.current[label] = tensor;
        this.next[label] = float32(tensor.shape);
      }
    }
  }

  static async create(
    engine: Engine,
    state: OptimiserState,
    options: AdamOptions,
    loss: (io: GraphIo) => tf.Scalar,
  ): Promise<Optimised> {
    const graph = await engine.compile((io) => stepGraph(io, state.weights, options, loss));
    return new Optimised(state, graph, options);
  }

  /** Weights as graphs take them; with `averaged`, their running averages where they are kept. */
  values(averaged = false): Named {
    const kept = averaged && this.state.averages.size > 0 ? this.state.averages : this.state.weights;
    return Object.fromEntries([...kept].map(([name, tensor]) => [`param:${name}`, tensor]));
  }

  /** Takes step `step` (from 1). Gives the loss's outputs, `total` and `gradientNorm`. */
  async step(step: number, learningRate: number, inputs: Named): Promise<Named> {
    const scalars = Object.fromEntries(
      Object.entries(adamScalars(learningRate, step, this.options)).map(([name, value]) => [
        name,
        float32([], Float32Array.of(value)),
      ]),
    );
    const outputs = await this.graph.run(
      (name) => inputs[name] ?? scalars[name] ?? this.current[name],
      this.next,
    );
    [this.current, this.next] = [this.next, this.current];
    for (const kind of kinds) {
      for (const name of this.state[kind].keys()) {
        this.state[kind].set(name, this.current[`${STATE_PREFIXES[kind]}:${name}`]!);
      }
    }
    return outputs;
  }
}
