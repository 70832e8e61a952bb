import * as tf from '@tensorflow/tfjs-core';
import { CodecError } from '../core/errors.ts';
import { float32 } from '../core/tensor.ts';
import { createEngine } from './catalogue.ts';
import type { DeviceName } from './devices.ts';
import { feedOf } from './engine.ts';
import { lstm } from './ops/lstm.ts';

/**
 * Runs a small graph on an engine and device: one LSTM step and a search for the largest value.
 * @throws whatever keeps them from working
 */
export async function probe(name: string, device: DeviceName): Promise<void> {
  const engine = await createEngine(name, { device });
  const graph = await engine.compile((io) => {
    const x = io.input('x', [1, 1, 2]) as tf.Tensor3D;
    const weights = {
      weightInput: tf.tensor2d([3, 0, 0, 3, 0, 0, 0, 0, 1, 1, -1, -1, 0, 0, 0, 0], [8, 2]),
      weightHidden: tf.zeros([8, 2]) as tf.Tensor2D,
      biasInput: tf.zeros([8]) as tf.Tensor1D,
      biasHidden: tf.zeros([8]) as tf.Tensor1D,
    };
    const state = { h: tf.zeros([1, 2]) as tf.Tensor2D, c: tf.zeros([1, 2]) as tf.Tensor2D };
    const { y } = lstm(x, weights, state);
    io.output('y', y);
    io.output('largest', tf.argMax(tf.reshape(y, [2])));
  });
  const { y, largest } = await graph.run(feedOf({ x: float32([1, 1, 2], Float32Array.of(1, 0)) }));
  await graph.dispose();
  // o * tanh(i * g): i = sigmoid(3, 0), g = tanh(1, -1), o = 1/2
  const expected = [0.3101, -0.1818];
  if (expected.every((value, i) => Math.abs(y!.data[i]! - value) < 1e-3) && largest!.data[0] === 0) return;
  throw new CodecError('missing-tool', {
    what: `the engine ${name} computes wrongly on the device ${device}`,
    found: y!.data.join(', '),
    expected: expected.join(', '),
    remedy: 'Use another --engine or --device.',
  });
}
