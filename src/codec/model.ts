import * as tf from '@tensorflow/tfjs-core';
import type { Decoder, Encoder, Params, Quantizer, Scope } from '../core/stages.ts';
import type { CompiledGraph, Engine, GraphIo } from '../engine/engine.ts';
import { ConstantParams, type Weights } from '../nn/params.ts';
import { ChunkTimeline } from '../nn/timeline.ts';
import { foldWeightNorm } from '../nn/weight-norm.ts';
import { SegmentGraphs } from './segment-graphs.ts';

export interface ModelParts {
  readonly encoder: Encoder;
  readonly quantizer: Quantizer;
  readonly decoder: Decoder;
  readonly weights: Weights;
  /** Samples by which the decoder's signal lags behind: the encoder codes that much silence after the end. */
  readonly delaySamples: number;
  /** Channels of the signal. */
  readonly channels: number;
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
    const { encoder, quantizer, computeFrames, channels } = this.parts;
    return this.cached(`encoder ${codebooks}`, computeFrames * encoder.hopLength, (io, scope) => {
      const x = io.input('x', [1, computeFrames * encoder.hopLength, channels]) as tf.Tensor3D;
      const latents = tf.reshape(encoder.encode(x, scope), [computeFrames, encoder.dimension]) as tf.Tensor2D;
      io.output('codes', quantizer.quantize(latents, codebooks, scope));
    });
  }

  /** `codes` [codebooks, computeFrames] -> `y` [1, computeFrames * hopLength, channels] */
  decoder(codebooks: number): Promise<ChunkGraph> {
    const { encoder, quantizer, decoder, computeFrames } = this.parts;
    return this.cached(`decoder ${codebooks}`, computeFrames, (io, scope) => {
      const codes = io.input('codes', [codebooks, computeFrames], 'int32') as tf.Tensor2D;
      const latents = tf.reshape(quantizer.dequantize(codes, scope), [1, computeFrames, encoder.dimension]);
      io.output('y', decoder.decode(latents as tf.Tensor3D, scope));
    });
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
