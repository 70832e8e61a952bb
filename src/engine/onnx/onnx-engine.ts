import os from 'node:os';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { CodecError } from '../../core/errors.ts';
import { type HostTensor, sizeOf } from '../../core/tensor.ts';
import type { DeviceName } from '../devices.ts';
import type { CompiledGraph, Engine, EngineOptions, Feed, GraphFn } from '../engine.ts';
import { assertDevice } from './device.ts';
import { encodeModel } from './model-proto.ts';
import { type Port, trace } from './trace.ts';

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
    const { graph, inputs, outputs } = trace(fn);
    const session = await InferenceSession.create(encodeModel(graph), {
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
