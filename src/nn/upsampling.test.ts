import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { float32 } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import { compile } from '../engine/engine.ts';
import { loadGradients } from '../engine/gradients.ts';
import { pixelShuffle, upsampleBilinear } from './upsampling.ts';

const rng = new Rng(3);
const noise = (size: number) => Float32Array.from({ length: size }, () => rng.normal());

async function evaluate(
  engine: string,
  fn: (x: tf.Tensor4D) => tf.Tensor,
  shape: number[],
  data: Float32Array,
) {
  const graph = await compile(await createEngine(engine), (x) => fn(x as tf.Tensor4D), [shape]);
  const [y] = await graph.run(float32(shape, Float32Array.from(data)));
  return y!;
}

describe('upsampling', () => {
  beforeAll(loadGradients);

  for (const factor of [2, 3, 4]) {
    it(`bilinear by ${factor} is the resize op with pixel centres`, async () => {
      const data = noise(2 * 4 * 5 * 3);
      const resize = (x: tf.Tensor4D) => tf.image.resizeBilinear(x, [4 * factor, 5 * factor], false, true);
      const want = await evaluate('tfjs-cpu', resize, [2, 4, 5, 3], data);
      for (const engine of ['tfjs-cpu', 'onnx']) {
        const got = await evaluate(engine, (x) => upsampleBilinear(x, factor), [2, 4, 5, 3], data);
        expect(got.shape).toEqual(want.shape);
        got.data.forEach((value, i) => {
          expect(value).toBeCloseTo(want.data[i]!, 5);
        });
      }
    });
  }

  it('bilinear takes a single pixel', async () => {
    const { data } = await evaluate('onnx', (x) => upsampleBilinear(x, 4), [1, 1, 1, 1], Float32Array.of(7));
    expect([...data]).toEqual(new Array(16).fill(7));
  });

  it('shuffles pixels as depth_to_space does', async () => {
    const data = noise(2 * 3 * 4 * 12);
    const want = await evaluate('tfjs-cpu', (x) => tf.depthToSpace(x, 2), [2, 3, 4, 12], data);
    for (const engine of ['tfjs-cpu', 'onnx']) {
      const got = await evaluate(engine, (x) => pixelShuffle(x, 2), [2, 3, 4, 12], data);
      expect(got).toEqual(want);
    }
  });

  it('have gradients, the same on both engines', async () => {
    const weights = noise(4 * 6 * 2);
    const gradient = (x: tf.Tensor4D) =>
      tf.grad((y) => {
        const up = upsampleBilinear(pixelShuffle(y as tf.Tensor4D, 1), 2);
        const shuffled = pixelShuffle(y as tf.Tensor4D, 2);
        return tf.add(tf.sum(tf.square(up)), tf.sum(tf.mul(shuffled, tf.tensor(weights, [1, 4, 6, 2]))));
      })(x);
    const data = noise(1 * 2 * 3 * 8);
    const want = await evaluate('tfjs-cpu', gradient, [1, 2, 3, 8], data);
    const got = await evaluate('onnx', gradient, [1, 2, 3, 8], data);
    got.data.forEach((value, i) => {
      expect(value).toBeCloseTo(want.data[i]!, 4);
    });
  });
});
