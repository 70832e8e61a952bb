import * as tf from '@tensorflow/tfjs-core';
import { lstmGradients } from './lstm-gradient.ts';

/** Weights of one LSTM layer, as PyTorch names and orders them: gates i, f, g, o along the first axis. */
export interface LstmWeights {
  /** [4 * hidden, width] */
  readonly weightInput: tf.Tensor2D;
  /** [4 * hidden, hidden] */
  readonly weightHidden: tf.Tensor2D;
  /** [4 * hidden] */
  readonly biasInput: tf.Tensor1D;
  /** [4 * hidden] */
  readonly biasHidden: tf.Tensor1D;
}

/** What an LSTM layer carries from one step to the next: hidden state and cell, [batch, hidden] each. */
export interface LstmState {
  readonly h: tf.Tensor2D;
  readonly c: tf.Tensor2D;
}

const KERNEL = 'Lstm';

/**
 * One LSTM layer over x [batch, time, width] (Hochreiter & Schmidhuber 1997, as in torch.nn.LSTM). Gives
 * y [batch, time, hidden] and the state after the last step. Differentiable in x and the weights through y only.
 */
export function lstm(
  x: tf.Tensor3D,
  weights: LstmWeights,
  state: LstmState,
): LstmState & { readonly y: tf.Tensor3D } {
  const inputs = { x, ...weights, ...state } as unknown as tf.NamedTensorMap;
  const [y, h, c] = tf.engine().runKernel(KERNEL, inputs) as tf.Tensor[];
  return { y: y as tf.Tensor3D, h: h as tf.Tensor2D, c: c as tf.Tensor2D };
}

/** Gives a tfjs backend an LSTM kernel made of its own ops, one step after another. */
export function registerSteppedLstm(backendName: string): void {
  if (tf.getKernel(KERNEL, backendName)) return;
  tf.registerKernel({
    kernelName: KERNEL,
    backendName,
    kernelFunc: ({ inputs }) =>
      tf.tidy(() => steppedLstm(inputs as unknown as { x: tf.Tensor3D } & LstmWeights & LstmState)),
  });
}

/** The layer written out step by step: gives [y, h, c]. */
export function steppedLstm(args: { x: tf.Tensor3D } & LstmWeights & LstmState): tf.Tensor[] {
  const { x, weightInput, weightHidden, biasInput, biasHidden } = args;
  const [batch, time, width] = x.shape;
  const hidden = args.h.shape[1];
  const bias = tf.add(biasInput, biasHidden);
  const projected = tf.add(tf.matMul(tf.reshape(x, [batch * time, width]), weightInput, false, true), bias);
  const steps = tf.reshape(projected, [batch, time, 4 * hidden]);
  let { h, c } = args;
  const outputs: tf.Tensor2D[] = [];
  for (let t = 0; t < time; t++) {
    [h, c] = tf.tidy(() => {
      const input = tf.reshape(tf.slice(steps, [0, t, 0], [batch, 1, 4 * hidden]), [batch, 4 * hidden]);
      const gates = tf.add(input, tf.matMul(h, weightHidden, false, true));
      const [i, f, g, o] = tf.split(gates, 4, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const cell = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g))) as tf.Tensor2D;
      return [tf.mul(tf.sigmoid(o), tf.tanh(cell)) as tf.Tensor2D, cell];
    });
    outputs.push(h);
  }
  return [tf.stack(outputs, 1), tf.clone(h), tf.clone(c)];
}

tf.registerGradient({
  kernelName: KERNEL,
  inputsToSave: ['x', 'weightInput', 'weightHidden', 'biasInput', 'biasHidden', 'h', 'c'],
  outputsToSave: [true, false, false],
  gradFunc: (dy, saved) => {
    const [x, weightInput, weightHidden, biasInput, biasHidden, h, c, y] = saved as [
      tf.Tensor3D,
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor1D,
      tf.Tensor1D,
      tf.Tensor2D,
      tf.Tensor2D,
      tf.Tensor3D,
    ];
    const weights = { weightInput, weightHidden, biasInput, biasHidden };
    const gradients = lstmGradients(
      x,
      weights,
      { h, c },
      y,
      (dy as unknown as tf.Tensor[])[0] as tf.Tensor3D,
    );
    return {
      x: () => gradients.x,
      weightInput: () => gradients.weightInput,
      weightHidden: () => gradients.weightHidden,
      biasInput: () => gradients.bias,
      biasHidden: () => gradients.bias,
      h: () => tf.zerosLike(h),
      c: () => tf.zerosLike(c),
    };
  },
});
