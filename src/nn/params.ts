import * as tf from '@tensorflow/tfjs-core';
import { CodecError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import type { Init, Params } from '../core/stages.ts';
import { float32, type HostTensor, sizeOf } from '../core/tensor.ts';
import type { GraphIo } from '../engine/engine.ts';

/** Named weights on the host, under the reference's state-dict names. */
export type Weights = ReadonlyMap<string, HostTensor>;

/** Stored weights, as constants of the graph. */
export class ConstantParams implements Params {
  private readonly weights: Weights;

  constructor(weights: Weights) {
    this.weights = weights;
  }

  has(name: string): boolean {
    return this.weights.has(name);
  }

  get(name: string, shape: readonly number[]): tf.Tensor {
    const value = this.weights.get(name);
    if (!value) {
      throw new CodecError('bad-weights', {
        what: `the weights lack ${name}`,
        expected: `shape [${shape}]`,
        remedy: 'Use weights made for this recipe.',
      });
    }
    assertShape(name, value.shape, shape);
    return tf.tensor(value.data, [...shape], value.dtype);
  }
}

/** Weights as graph inputs named `param:…`, for training. */
export class InputParams implements Params {
  private readonly io: GraphIo;
  private readonly weights: Weights;

  constructor(io: GraphIo, weights: Weights) {
    this.io = io;
    this.weights = weights;
  }

  has(name: string): boolean {
    return this.weights.has(name);
  }

  get(name: string, shape: readonly number[]): tf.Tensor {
    assertShape(name, this.weights.get(name)?.shape ?? [], shape);
    return this.io.input(`param:${name}`, shape);
  }
}

/** Makes weights up as model code asks for them: run the model once over it and `weights` is a fresh start. */
export class FreshParams implements Params {
  readonly weights = new Map<string, HostTensor>();
  private readonly rng: Rng;

  constructor(rng: Rng) {
    this.rng = rng;
  }

  has(name: string): boolean {
    return this.weights.has(name);
  }

  get(name: string, shape: readonly number[], init: Init): tf.Tensor {
    const value = this.weights.get(name) ?? float32(shape, this.draw(sizeOf(shape), init));
    this.weights.set(name, value);
    return tf.tensor(value.data, [...shape], value.dtype);
  }

  private draw(size: number, init: Init): Float32Array<ArrayBuffer> {
    switch (init.kind) {
      case 'zeros':
        return new Float32Array(size);
      case 'ones':
        return new Float32Array(size).fill(1);
      case 'norm-of':
        return rowNorms(this.weights.get(init.name)!.data as Float32Array, size);
      case 'uniform':
        return Float32Array.from({ length: size }, () => init.bound * (2 * this.rng.uniform() - 1));
    }
  }
}

function assertShape(name: string, found: readonly number[], expected: readonly number[]): void {
  if (found.length === expected.length && found.every((d, i) => d === expected[i])) return;
  throw new CodecError('bad-weights', {
    what: `the weights do not fit the recipe at ${name}`,
    found: `shape [${found}]`,
    expected: `[${expected}]`,
    remedy: 'Use weights made for this recipe, or change its sizes.',
  });
}

/** Euclidean norm of each of `rows` equal blocks. */
export function rowNorms(values: Float32Array, rows: number): Float32Array<ArrayBuffer> {
  const width = values.length / rows;
  return Float32Array.from({ length: rows }, (_, r) => {
    let sum = 0;
    for (let i = r * width; i < (r + 1) * width; i++) sum += values[i]! ** 2;
    return Math.sqrt(sum);
  });
}
