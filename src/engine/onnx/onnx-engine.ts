import os from 'node:os';
import { env, InferenceSession, type Tensor } from 'onnxruntime-node';
import type { HostTensor } from '../../core/tensor.ts';
import type { DeviceName } from '../devices.ts';
import type { CompiledGraph, Engine, EngineOptions, Feed, GraphFn } from '../engine.ts';
import { assertDevice } from './device.ts';
import { encodeModel } from './model-proto.ts';
import { asHost, asTensor, inputOf } from './tensors.ts';
import { type Port, trace } from './trace.ts';
import { hasWorkers, WorkerGraph } from './worker-graph.ts';

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
    const session = await InferenceSession.create(encodeModel(graph), this.sessionOptions(this.threads));
    return new OnnxGraph(session, inputs, outputs);
  }

  async compileCopies(fn: GraphFn, count: number): Promise<readonly CompiledGraph[]> {
    const copies = Math.min(count, this.threads);
    // A card computes one run at a time anyway.
    if (copies === 1 || this.device !== 'cpu' || !hasWorkers()) return [await this.compile(fn)];
    const { graph, inputs, outputs } = trace(fn);
    const model = encodeModel(graph);
    const options = this.sessionOptions(Math.floor(this.threads / copies));
    return Promise.all(
      Array.from({ length: copies }, () => WorkerGraph.start(model, options, inputs, outputs)),
    );
  }

  private sessionOptions(threads: number): InferenceSession.SessionOptions {
    return {
      // Whatever a device has no kernel for, the runtime computes on the cpu.
      executionProviders: [this.device],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
    };
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
      feeds[port.name] = asTensor(inputOf(port, feed(port.label, port)));
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
