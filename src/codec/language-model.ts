import type * as tf from '@tensorflow/tfjs-core';
import type { Params } from '../core/stages.ts';
import { float32, type HostTensor, int32 } from '../core/tensor.ts';
import type { CompiledGraph, Engine, GraphIo } from '../engine/engine.ts';
import { type LanguageModelSizes, languageModelStep } from '../nn/code-language-model.ts';
import { ConstantParams, type Weights } from '../nn/params.ts';

const LONGEST_PERIOD = 10000;

/** EnCodec's language model, compiled for as many codebooks as are in use. */
export class LanguageModel {
  readonly sizes: LanguageModelSizes;
  private readonly weights: Weights;
  private readonly engine: Engine;
  private readonly graphs = new Map<number, Promise<CompiledGraph>>();

  /** @param engine with one thread: steps are small, and the same on any number of cores */
  constructor(sizes: LanguageModelSizes, weights: Weights, engine: Engine) {
    this.sizes = sizes;
    this.weights = weights;
    this.engine = engine;
  }

  /** Begins a run of frames. */
  async begin(codebooks: number): Promise<LanguageModelRun> {
    const graph = this.graphs.get(codebooks) ?? this.compile(codebooks);
    this.graphs.set(codebooks, graph);
    return new LanguageModelRun(await graph, codebooks, this.sizes, this.firstKeysAndValues());
  }

  async dispose(): Promise<void> {
    for (const graph of this.graphs.values()) await (await graph).dispose();
    this.graphs.clear();
  }

  private compile(codebooks: number): Promise<CompiledGraph> {
    const params = new ConstantParams(this.weights);
    return this.engine.compile((io) => defineStep(io, codebooks, this.sizes, params));
  }

  /** Those of a zero vector, which every layer takes for its first past frame: the biases of its projections. */
  private firstKeysAndValues(): { key: Float32Array; value: Float32Array }[] {
    const { dimension, layers } = this.sizes;
    return Array.from({ length: layers }, (_, i) => {
      const bias = this.weights.get(`transformer.layers.${i}.self_attn.in_proj_bias`)!.data as Float32Array;
      return {
        key: bias.subarray(dimension, 2 * dimension),
        value: bias.subarray(2 * dimension, 3 * dimension),
      };
    });
  }
}

/** A step as a graph; see `LanguageModelRun` for what goes in and out. */
export function defineStep(io: GraphIo, codebooks: number, sizes: LanguageModelSizes, params: Params): void {
  const { dimension, layers, heads, pastFrames } = sizes;
  const width = dimension / heads;
  const perLayer = (label: string, shape: number[]) =>
    Array.from({ length: layers }, (_, i) => io.input(`${label}${i}`, shape) as tf.Tensor3D);
  const inputs = {
    rows: io.input('rows', [codebooks], 'int32') as tf.Tensor1D,
    position: io.input('position', [1, dimension]) as tf.Tensor2D,
    mask: io.input('mask', [1, 1, pastFrames]) as tf.Tensor3D,
    keys: perLayer('keys', [heads, width, pastFrames]),
    values: perLayer('values', [heads, pastFrames, width]),
  };
  const outputs = languageModelStep(inputs, sizes, params);
  io.output('probabilities', outputs.probabilities);
  outputAll(io, 'key', outputs.keys);
  outputAll(io, 'value', outputs.values);
}

function outputAll(io: GraphIo, label: string, tensors: readonly tf.Tensor[]): void {
  for (const [i, tensor] of tensors.entries()) io.output(`${label}${i}`, tensor);
}

/** One run of frames. What is kept of the past lies in tensors made once; a step writes one frame into them. */
export class LanguageModelRun {
  private readonly graph: CompiledGraph;
  private readonly sizes: LanguageModelSizes;
  private readonly inputs: Record<string, HostTensor> = {};
  private readonly outputs: Record<string, HostTensor> = {};
  private readonly rows: Int32Array<ArrayBuffer>;
  /** Frames kept so far, the zero vector counted; the next goes in its place modulo `pastFrames`. */
  private kept = 0;
  private frame = 0;

  /** Use `LanguageModel.begin`. */
  constructor(
    graph: CompiledGraph,
    codebooks: number,
    sizes: LanguageModelSizes,
    first: readonly { key: Float32Array; value: Float32Array }[],
  ) {
    this.graph = graph;
    this.sizes = sizes;
    const { dimension, layers, heads, pastFrames, codebookSize } = sizes;
    const width = dimension / heads;
    this.rows = new Int32Array(codebooks);
    this.inputs.rows = int32([codebooks], this.rows);
    this.inputs.position = float32([1, dimension]);
    this.inputs.mask = float32([1, 1, pastFrames], new Float32Array(pastFrames).fill(-Infinity));
    this.outputs.probabilities = float32([codebooks, codebookSize]);
    for (let i = 0; i < layers; i++) {
      this.inputs[`keys${i}`] = float32([heads, width, pastFrames]);
      this.inputs[`values${i}`] = float32([heads, pastFrames, width]);
      this.outputs[`key${i}`] = float32([1, dimension], first[i]!.key.slice());
      this.outputs[`value${i}`] = float32([1, dimension], first[i]!.value.slice());
    }
    this.keep();
  }

  /**
   * The distributions of the next frame's codes, [codebooks, codebookSize]; overwritten by the next step.
   * @param previous the codes of the frame before, one per codebook; undefined for the first
   */
  async step(previous: ArrayLike<number> | undefined): Promise<Float32Array> {
    const { dimension, codebookSize } = this.sizes;
    // Row 0 of a table stands for no code.
    for (let k = 0; k < this.rows.length; k++) {
      this.rows[k] = k * (codebookSize + 1) + (previous ? previous[k]! + 1 : 0);
    }
    sinusoids(this.frame++, this.inputs.position!.data as Float32Array, dimension);
    await this.graph.run((name) => this.inputs[name], this.outputs);
    this.keep();
    return this.outputs.probabilities!.data as Float32Array;
  }

  /** Takes the last step's keys and values for the past, the oldest leaving when there are `pastFrames`. */
  private keep(): void {
    const { dimension, heads, layers, pastFrames } = this.sizes;
    const width = dimension / heads;
    const place = this.kept++ % pastFrames;
    this.inputs.mask!.data[place] = 0;
    for (let i = 0; i < layers; i++) {
      const [key, value] = [this.outputs[`key${i}`]!.data, this.outputs[`value${i}`]!.data];
      const [keys, values] = [this.inputs[`keys${i}`]!.data, this.inputs[`values${i}`]!.data];
      for (let d = 0; d < dimension; d++) {
        const head = Math.floor(d / width);
        keys[d * pastFrames + place] = key[d]!;
        values[(head * pastFrames + place) * width + (d - head * width)] = value[d]!;
      }
    }
  }
}

/** Cosines, then sines, of falling frequencies, every step rounded to float32 as in the reference. */
function sinusoids(frame: number, out: Float32Array, dimension: number): void {
  const half = dimension / 2;
  for (let i = 0; i < half; i++) {
    const period = Math.fround(LONGEST_PERIOD ** Math.fround(i / (half - 1)));
    const phase = Math.fround(frame / period);
    out[i] = Math.cos(phase);
    out[half + i] = Math.sin(phase);
  }
}
