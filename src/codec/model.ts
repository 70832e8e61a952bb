import type { Params, Scope } from '../core/stages.ts';
import type { CompiledGraph, Engine, GraphIo } from '../engine/engine.ts';
import { ConstantParams, type Weights } from '../nn/params.ts';
import { ChunkTimeline } from '../nn/timeline.ts';
import { foldWeightNorm } from '../nn/weight-norm.ts';
import { decoderGraph, encoderGraph, type ModelStages } from './model-graphs.ts';
import { SegmentGraphs } from './segment-graphs.ts';

export interface ModelParts extends ModelStages {
  readonly weights: Weights;
  /** Samples by which the decoder's signal lags behind: the encoder codes that much silence after the end. */
  readonly delaySamples: number;
  /** Latent frames per run of a graph. */
  readonly computeFrames: number;
}

/** A compiled graph with the timeline that feeds it. */
export interface ChunkGraph {
  readonly graph: CompiledGraph;
  readonly timeline: ChunkTimeline;
}

/** A model's graphs, compiled when first asked for and kept. */
export class Model {
  readonly parts: ModelParts;
  private readonly engine: Engine;
  private readonly folded: Weights;
  private readonly graphs = new Map<string, Promise<ChunkGraph>>();
  /** Graphs for signals cut into segments. */
  readonly segments = new SegmentGraphs(this);

  constructor(parts: ModelParts, engine: Engine) {
    this.parts = parts;
    this.engine = engine;
    this.folded = foldWeightNorm(parts.weights);
  }

  get hopLength(): number {
    return this.parts.encoder.hopLength;
  }

  /** `x` [1, computeFrames * hopLength, channels] -> `codes` [codebooks, computeFrames] */
  encoder(codebooks: number): Promise<ChunkGraph> {
    const lengthSamples = this.parts.computeFrames * this.hopLength;
    return this.cached(
      `encoder ${codebooks}`,
      lengthSamples,
      encoderGraph(this.parts, codebooks, lengthSamples),
    );
  }

  /** `codes` [codebooks, computeFrames] -> `y` [1, computeFrames * hopLength, channels] */
  decoder(codebooks: number): Promise<ChunkGraph> {
    const { computeFrames } = this.parts;
    return this.cached(
      `decoder ${codebooks}`,
      computeFrames,
      decoderGraph(this.parts, codebooks, computeFrames),
    );
  }

  private cached(
    key: string,
    capacity: number,
    build: (io: GraphIo, scope: Scope) => void,
  ): Promise<ChunkGraph> {
    const known = this.graphs.get(key);
    if (known) return known;
    const timeline = new ChunkTimeline(capacity);
    const made = this.compile((io, params) => build(io, { params, time: timeline.begin(io) })).then(
      (graph) => ({ graph, timeline }),
    );
    this.graphs.set(key, made);
    return made;
  }

  /** Compiles model code with the model's weights as constants. */
  compile(build: (io: GraphIo, params: Params) => void): Promise<CompiledGraph> {
    const params = new ConstantParams(this.folded);
    return this.engine.compile((io) => build(io, params));
  }

  async dispose(): Promise<void> {
    await this.segments.dispose();
    for (const made of this.graphs.values()) await (await made).graph.dispose();
    this.graphs.clear();
  }
}
