import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { float32, type HostTensor } from '../core/tensor.ts';
import { createEngine } from './catalogue.ts';
import { compile, type Engine } from './engine.ts';
import { loadGradients } from './gradients.ts';
import { type LstmWeights, lstm, steppedLstm } from './ops/lstm.ts';
import { cases, type Fn, UNIT, values, weighted } from './test-kernels.ts';

describe('every kernel of the onnx engine agrees with tfjs-cpu', () => {
  let onnx: Engine;
  let cpu: Engine;
  beforeAll(async () => {
    await loadGradients();
    onnx = await createEngine('onnx', { threads: 1 });
    cpu = await createEngine('tfjs-cpu');
  });

  async function compare(fn: Fn, inputs: HostTensor[]): Promise<void> {
    const [a, b] = await Promise.all([compile(onnx, fn, inputs), compile(cpu, fn, inputs)]);
    const got = await a.run(...inputs);
    const want = await b.run(...inputs);
    await a.dispose();
    expect(got.length).toBe(want.length);
    for (const [i, tensor] of got.entries()) {
      expect(tensor.shape).toEqual(want[i]!.shape);
      for (let j = 0; j < tensor.data.length; j++) {
        const w = want[i]!.data[j]!;
        expect(Math.abs(tensor.data[j]! - w)).toBeLessThanOrEqual(2e-5 * Math.max(1, Math.abs(w)));
      }
    }
  }

  for (const [name, { fn, inputs, range = UNIT, forwardOnly }] of Object.entries(cases)) {
    it(`${name} forward`, () => compare(fn, values(inputs, range, 7)));
    if (forwardOnly) continue;
    it(`${name} gradient`, () => {
      const gradient: Fn = (...x) => tf.grads((...y) => weighted(fn(...(y as tf.Tensor[]))))(x);
      return compare(gradient, values(inputs, range, 8));
    });
  }
});

describe('the cases', () => {
  it('leave out no kernel of the onnx engine', async () => {
    await createEngine('tfjs-cpu');
    await createEngine('onnx');
    await tf.setBackend('cpu');
    await loadGradients();
    const used = new Set<string>();
    for (const { fn, inputs, range = UNIT, forwardOnly } of Object.values(cases)) {
      const tensors = values(inputs, range, 7).map((t) => tf.tensor(t.data, [...t.shape], t.dtype));
      const run = () => {
        fn(...tensors);
        if (!forwardOnly) tf.grads((...y) => weighted(fn(...(y as tf.Tensor[]))))(tensors);
      };
      for (const name of (await tf.profile(() => tf.tidy(run))).kernelNames) used.add(name);
    }
    const registered = tf.getKernelsForBackend('onnx-trace').map(({ kernelName }) => kernelName);
    expect(registered.filter((name) => !used.has(name))).toEqual([]);
  });
});

describe('the gradient of lstm', () => {
  it('is that of its steps, one by one', async () => {
    await loadGradients();
    const cpu = await createEngine('tfjs-cpu');
    const shapes = cases.lstm!.inputs as number[][];
    const inputs = values(shapes, [-1, 1], 9).slice(0, 5);
    const state = () => ({ h: tf.ones([2, 4]) as tf.Tensor2D, c: tf.fill([2, 4], 0.5) as tf.Tensor2D });
    const named = ([x, weightInput, weightHidden, biasInput, biasHidden]: tf.Tensor[]) =>
      ({ x, weightInput, weightHidden, biasInput, biasHidden }) as { x: tf.Tensor3D } & LstmWeights;
    const whole: Fn = (...t) =>
      tf.grads((...y) => weighted(lstm(named(y as tf.Tensor[]).x, named(y as tf.Tensor[]), state()).y))(t);
    const steps: Fn = (...t) =>
      tf.grads((...y) => weighted(steppedLstm({ ...named(y as tf.Tensor[]), ...state() })[0]!))(t);
    const got = await (await compile(cpu, whole, inputs)).run(...inputs);
    const want = await (await compile(cpu, steps, inputs)).run(...inputs);
    for (const [i, tensor] of got.entries()) {
      expect([...tensor.data].map((v) => v.toFixed(4))).toEqual([...want[i]!.data].map((v) => v.toFixed(4)));
    }
  });
});

describe('traced functions', () => {
  it('name a missing kernel', async () => {
    const onnx = await createEngine('onnx');
    const fn: Fn = (x) => tf.bincount(tf.cast(x!, 'int32') as tf.Tensor1D, tf.tensor1d([]), 3);
    await expect(compile(onnx, fn, [[4]])).rejects.toThrow(/no kernel for the TensorFlow.js op Bincount/);
  });

  it('may not read values', async () => {
    const onnx = await createEngine('onnx');
    const fn: Fn = (x) => tf.mul(x!, x!.dataSync()[0]!);
    await expect(compile(onnx, fn, [[4]])).rejects.toThrow(/read the value of a tensor/);
  });

  it('refuse inputs that do not fit', async () => {
    const onnx = await createEngine('onnx');
    const graph = await compile(onnx, (x) => tf.neg(x!), [[4]]);
    await expect(graph.run(float32([5]))).rejects.toThrow(/found float32 \[5\], expected float32 \[4\]/);
  });
});
