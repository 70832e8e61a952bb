import * as tf from '@tensorflow/tfjs-core';
import { CodecError } from '../core/errors.ts';
import type { HostTensor } from '../core/tensor.ts';
import type { CompiledGraph, Engine, Feed, GraphFn } from './engine.ts';
import { missingKernel } from './missing-kernel.ts';

/** Runs graph functions op by op on a registered TensorFlow.js backend. */
export class EagerEngine implements Engine {
  readonly name: string;
  readonly backend: string;

  constructor(name: string, backend: string) {
    this.name = name;
    this.backend = backend;
  }

  async compile(fn: GraphFn): Promise<CompiledGraph> {
    return new EagerGraph(this.name, this.backend, fn);
  }

  /** One: the backend is a global of tfjs. */
  async compileCopies(fn: GraphFn): Promise<readonly CompiledGraph[]> {
    return [await this.compile(fn)];
  }
}

class EagerGraph implements CompiledGraph {
  private readonly name: string;
  private readonly backend: string;
  private readonly fn: GraphFn;

  constructor(name: string, backend: string, fn: GraphFn) {
    this.name = name;
    this.backend = backend;
    this.fn = fn;
  }

  async run(
    feed: Feed,
    into: Readonly<Record<string, HostTensor>> = {},
  ): Promise<Record<string, HostTensor>> {
    // The backend is a global of tfjs: between here and the end of the tidy nothing may await, or runs on two engines
    // at once would compute on one. A backend that has started is in place when this returns.
    void tf.setBackend(this.backend);
    const results: Record<string, HostTensor> = {};
    const run = () => {
      const inputs = new Map<string, tf.Tensor>();
      this.fn({
        input: (name, shape, dtype = 'float32') => {
          const known = inputs.get(name);
          if (known) return known;
          const value = feed(name, { shape, dtype });
          const tensor = value ? tf.tensor(value.data, [...shape], dtype) : tf.zeros([...shape], dtype);
          inputs.set(name, tensor);
          return tensor;
        },
        output: (name, tensor) => {
          results[name] = read(tensor, into[name]);
        },
      });
    };
    try {
      tf.tidy(run);
    } catch (error) {
      throw missingKernel(error, this.name) ?? error;
    }
    return results;
  }

  async dispose(): Promise<void> {}
}

function read(tensor: tf.Tensor, into: HostTensor | undefined): HostTensor {
  const data = tensor.dataSync();
  if (into) {
    into.data.set(data as Float32Array);
    return into;
  }
  if (tensor.dtype === 'float32')
    return { dtype: 'float32', shape: tensor.shape, data: data as Float32Array };
  if (tensor.dtype === 'int32') return { dtype: 'int32', shape: tensor.shape, data: data as Int32Array };
  throw new CodecError('bad-argument', { what: 'a graph output has the wrong type', found: tensor.dtype });
}
