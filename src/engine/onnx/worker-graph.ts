import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { InferenceSession } from 'onnxruntime-node';
import type { HostTensor } from '../../core/tensor.ts';
import type { CompiledGraph, Feed } from '../engine.ts';
import { inputOf } from './tensors.ts';
import type { Port } from './trace.ts';
import type { WorkerAnswer, WorkerRun, WorkerStart } from './worker-messages.ts';

const SCRIPT = new URL('./session-worker.js', import.meta.url);

/** Whether graphs can have threads of their own: in the compiled package they can. */
export function hasWorkers(): boolean {
  return existsSync(fileURLToPath(SCRIPT));
}

/** A graph in a thread of its own: its runs hold up nothing else. The runtime's own `run` holds up the thread it is called in. */
export class WorkerGraph implements CompiledGraph {
  private readonly worker: Worker;
  private readonly inputs: readonly Port[];
  private readonly outputs: readonly Port[];
  private last: Promise<unknown> = Promise.resolve();
  /** Status the thread ended with, if it did. */
  private exitCode: number | undefined;

  private constructor(worker: Worker, inputs: readonly Port[], outputs: readonly Port[]) {
    this.worker = worker;
    this.inputs = inputs;
    this.outputs = outputs;
    worker.once('exit', (code) => {
      this.exitCode = code;
    });
  }

  static async start(
    model: Uint8Array,
    options: InferenceSession.SessionOptions,
    inputs: readonly Port[],
    outputs: readonly Port[],
  ): Promise<WorkerGraph> {
    const worker = new Worker(SCRIPT, { workerData: { model, options } satisfies WorkerStart });
    const graph = new WorkerGraph(worker, inputs, outputs);
    try {
      await graph.answer();
    } catch (error) {
      await worker.terminate();
      throw error;
    }
    return graph;
  }

  /** Takes its inputs at once, then waits for the runs before it. */
  async run(
    feed: Feed,
    into: Readonly<Record<string, HostTensor>> = {},
  ): Promise<Record<string, HostTensor>> {
    const feeds = Object.fromEntries(
      this.inputs.map((port) => [port.name, inputOf(port, feed(port.label, port))]),
    );
    const run = this.last.then(() => {
      this.worker.postMessage({ feeds } satisfies WorkerRun);
      return this.answer();
    });
    this.last = run.catch(() => {});
    const values = await run;
    const results = this.outputs.map(({ label, name }) => {
      const target = into[label];
      target?.data.set(values[name]!.data);
      return [label, target ?? values[name]!];
    });
    return Object.fromEntries(results);
  }

  async dispose(): Promise<void> {
    await this.last;
    if (this.exitCode !== undefined) return;
    const ended = new Promise((resolve) => this.worker.once('exit', resolve));
    this.worker.postMessage(undefined);
    await ended;
  }

  /** The next message of the thread. */
  private answer(): Promise<Readonly<Record<string, HostTensor>>> {
    const { worker, exitCode } = this;
    const ended = (code: number) => new Error(`the thread of a graph ended with status ${code}`);
    if (exitCode !== undefined) return Promise.reject(ended(exitCode));
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => {
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        done();
      };
      const onMessage = (reply: WorkerAnswer) =>
        settle(() => ('values' in reply ? resolve(reply.values) : reject(new Error(reply.error))));
      const onError = (error: Error) => settle(() => reject(error));
      const onExit = (code: number) => settle(() => reject(ended(code)));
      worker.once('message', onMessage).once('error', onError).once('exit', onExit);
    });
  }
}
