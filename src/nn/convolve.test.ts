import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import { compile, type Engine } from '../engine/engine.ts';
import { loadGradients } from '../engine/gradients.ts';
import { convolve } from './convolve.ts';
import { convolvePlanes } from './planes.ts';
import { rectifiedProduct } from './rectifier.ts';
import { reflected } from './reflect.ts';
import { sideBySide } from './timeline.ts';

const rng = new Rng(1);
const noise = (shape: number[]) =>
  float32(
    shape,
    Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, () => rng.normal()),
  );

describe('convolution with a gradient of its own', () => {
  let engine: Engine;
  beforeAll(async () => {
    await loadGradients();
    engine = await createEngine('onnx', { threads: 1 });
  });

  /** Values and gradients of `fn` and `plain` are the same. */
  async function alike(
    fn: (...inputs: tf.Tensor[]) => tf.Tensor,
    plain: (...inputs: tf.Tensor[]) => tf.Tensor,
    inputs: HostTensor[],
  ): Promise<void> {
    const both = [];
    for (const each of [fn, plain]) {
      const graph = await compile(
        engine,
        (...tensors) => {
          const { value, grads } = tf.valueAndGrads(
            (...xs: tf.Tensor[]) => tf.sum(tf.sin(each(...xs))) as tf.Scalar,
          )(tensors);
          return [value, each(...tensors), ...grads];
        },
        inputs.map(({ shape }) => shape),
      );
      both.push(await graph.run(...inputs));
    }
    const [found, expected] = both as [HostTensor[], HostTensor[]];
    for (const [i, tensor] of expected.entries()) {
      expect(found[i]!.shape).toEqual(tensor.shape);
      const worst = Math.max(...Array.from(tensor.data, (v, j) => Math.abs(v - found[i]!.data[j]!)));
      expect(worst, `result ${i}`).toBeLessThan(1e-4);
    }
  }

  it.each([
    { kernel: 3, stride: 1, channels: 4, out: 5 },
    { kernel: 7, stride: 1, channels: 1, out: 4 },
    { kernel: 7, stride: 1, channels: 8, out: 1 },
    { kernel: 4, stride: 2, channels: 3, out: 6 },
    { kernel: 10, stride: 5, channels: 2, out: 1 },
    { kernel: 1, stride: 1, channels: 3, out: 2 },
    { kernel: 3, stride: 1, channels: 8, out: 9 },
    { kernel: 3, stride: 1, channels: 10, out: 8 },
    { kernel: 8, stride: 4, channels: 2, out: 8 },
  ])('is that of windows side by side, kernel $kernel, stride $stride, $channels to $out', async (spec) => {
    const { kernel, stride, channels, out } = spec;
    const inputs = [noise([2, 20, channels]), noise([kernel * channels, out]), noise([out])];
    await alike(
      (x, m, b) => convolve(x as tf.Tensor3D, m as tf.Tensor2D, b as tf.Tensor1D, { kernel, stride }),
      (x, m, b) => {
        const windows = sideBySide(x as tf.Tensor3D, { kernel, stride });
        const [batch, frames, width] = windows.shape;
        const y = tf.matMul(tf.reshape(windows, [batch * frames, width]) as tf.Tensor2D, m as tf.Tensor2D);
        return tf.reshape(tf.add(y, b!), [batch, frames, out]);
      },
      inputs,
    );
  });

  it.each([
    [2, 0, 9],
    [0, 3, 9],
    [2, 3, 9],
    [3, 4, 9],
    [4, 4, 5],
  ])('reflection of %i and %i of %i frames', async (before, after, length) => {
    await alike(
      (x) => reflected(x as tf.Tensor3D, before, after),
      (x) => {
        const order = [
          ...Array.from({ length: before }, (_, i) => before - i),
          ...Array.from({ length }, (_, i) => i),
          ...Array.from({ length: after }, (_, i) => length - 2 - i),
        ];
        // A product with zeros and ones has a gradient beyond doubt.
        const choice = tf.oneHot(tf.tensor1d(order, 'int32'), length);
        const rows = tf.matMul(
          choice as tf.Tensor2D,
          tf.reshape(tf.transpose(x, [1, 0, 2]), [length, -1]) as tf.Tensor2D,
        );
        return tf.transpose(tf.reshape(rows, [order.length, 2, 3]), [1, 0, 2]);
      },
      [noise([2, length, 3])],
    );
  });

  it('of planes is that of the library', async () => {
    await alike(
      (x, m) => convolvePlanes(x as tf.Tensor3D, m as tf.Tensor2D),
      (x, m) => {
        const image = tf.expandDims(tf.transpose(x, [1, 2, 0]), 0) as tf.Tensor4D;
        const y = tf.conv2d(image, tf.reshape(m, [3, 3, 2, 4]), 1, 'valid');
        return tf.transpose(tf.squeeze(y, [0]), [2, 0, 1]);
      },
      [noise([2, 7, 9]), noise([18, 4])],
    );
  });

  it.each([
    false,
    true,
  ])('a product of which what is above zero is kept, transposed: %s', async (transposed) => {
    await alike(
      (x, m) => rectifiedProduct(x as tf.Tensor2D, m as tf.Tensor2D, transposed),
      (x, m) => tf.relu(tf.matMul(x as tf.Tensor2D, m as tf.Tensor2D, transposed)),
      [noise(transposed ? [3, 8] : [8, 3]), noise([3, 5])],
    );
  });
});
