import os from 'node:os';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { CodecError } from '../../core/errors.ts';
import { type HostTensor, sizeOf } from '../../core/tensor.ts';
import type { DeviceName } from '../devices.ts';
import type { CompiledGraph, DType, Engine, EngineOptions, Feed, GraphFn, TensorSpec } from '../engine.ts';
import { record } from './backend.ts';
import { assertDevice } from './device.ts';
import './kernels/index.ts';
import { encodeModel } from './model-proto.ts';

interface Port extends TensorSpec {
  /** What the outside calls it. */
  readonly label: string;
  /** What the graph calls it. */
  readonly name: string;
}

// What goes wrong is thrown; without this the runtime would print it as well.
env.logLevel = 'fatal';

/** Makes the engine. Throws `missing-tool` when the device is not there. */
export async function createOnnxEngine(
  options: EngineOptions & { readonly device: DeviceName },
): Promise<OnnxEngine> {
  const engine = new OnnxEngine(options);
  if (options.device !== 'cpu') await assertDevice(engine, options.device);
  return engine;
}

/** Traces graph functions into ONNX graphs and runs them with onnxruntime-node. */
class OnnxEngine implements Engine {
  readonly name = 'onnx';
  private readonly threads: number;
  private readonly device: DeviceName;

  constructor(options: EngineOptions & { readonly device: DeviceName }) {
    this.threads = options.threads ?? Math.max(1, os.availableParallelism());
    this.device = options.device;
  }

  async compile(fn: GraphFn): Promise<CompiledGraph> {
    const { model, inputs, outputs } = trace(fn);
    const session = await InferenceSession.create(model, {
      // Whatever a device has no kernel for, the runtime computes on the cpu.
      executionProviders: [this.device],
      intraOpNumThreads: this.threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
    return new OnnxGraph(session, inputs, outputs);
  }
}

/** The ONNX model of a graph function, with the names of its inputs and outputs. */
export function trace(fn: GraphFn): { model: Uint8Array; inputs: Port[]; outputs: Port[] } {
  const inputs = new Map<string, { port: Port; tensor: import('@tensorflow/tfjs-core').Tensor }>();
  const outputs: Port[] = [];
  const recorder = record((graph, makeTensor) => {
    fn({
      input: (label, shape, dtype: DType = 'float32') => {
        const known = inputs.get(label);
        if (known) return known.tensor;
        const info = graph.input(shape, dtype);
        const tensor = makeTensor(info);
        inputs.set(label, { port: { label, name: graph.nameOf(info), shape, dtype }, tensor });
        return tensor;
      },
      output: (label, tensor) => {
        const dtype = tensor.dtype as DType;
        const name = graph.output(tensor, tensor.shape, dtype);
        outputs.push({ label, name, shape: tensor.shape, dtype });
      },
    });
  });
  return { model: encodeModel(recorder), inputs: [...inputs.values()].map((i) => i.port), outputs };
}

class OnnxGraph implements CompiledGraph {
  private readonly session: InferenceSession;
  private readonly inputs: readonly Port[];
  private readonly outputs: readonly Port[];

  constructor(session: InferenceSession, inputs: readonly Port[], outputs: readonly Port[]) {
    this.session = session;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  async run(
    feed: Feed,
    into: Readonly<Record<string, HostTensor>> = {},
  ): Promise<Record<string, HostTensor>> {
    const feeds: Record<string, Tensor> = {};
    for (const port of this.inputs) {
      const value = feed(port.label, port);
      if (value) assertFits(value, port);
      feeds[port.name] = value ? asTensor(value) : zeros(port);
    }
    const fetches: Record<string, Tensor | null> = {};
    for (const port of this.outputs) {
      const target = into[port.label];
      fetches[port.name] = target ? asTensor(target) : null;
    }
    const results = await this.session.run(feeds, fetches);
    const named: Record<string, HostTensor> = {};
    for (const port of this.outputs) {
      named[port.label] = into[port.label] ?? asHost(results[port.name]!, port);
    }
    return named;
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }
}

function assertFits(value: HostTensor, port: Port): void {
  if (value.dtype === port.dtype && value.data.length === sizeOf(port.shape)) return;
  throw new CodecError('bad-argument', {
    what: `cannot run the graph: input ${port.label} does not fit`,
    found: `${value.dtype} [${value.shape}]`,
    expected: `${port.dtype} [${port.shape}]`,
  });
}

function asTensor(value: HostTensor): Tensor {
  return value.dtype === 'float32'
    ? new Tensor('float32', value.data, value.shape)
    : new Tensor('int32', value.data, value.shape);
}

function zeros(port: Port): Tensor {
  const size = sizeOf(port.shape);
  return port.dtype === 'float32'
    ? new Tensor('float32', new Float32Array(size), port.shape)
    : new Tensor('int32', new Int32Array(size), port.shape);
}

function asHost(tensor: Tensor, { shape, dtype }: Port): HostTensor {
  return dtype === 'float32'
    ? { dtype, shape, data: tensor.data as Float32Array }
    : { dtype, shape, data: tensor.data as Int32Array };
}
