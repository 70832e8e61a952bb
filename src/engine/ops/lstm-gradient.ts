import * as tf from '@tensorflow/tfjs-core';
import type { LstmState, LstmWeights } from './lstm.ts';

export interface LstmGradients {
  readonly x: tf.Tensor3D;
  readonly weightInput: tf.Tensor2D;
  readonly weightHidden: tf.Tensor2D;
  readonly bias: tf.Tensor1D;
}

/**
 * Backpropagation through time for one LSTM layer, given its outputs y and their gradient dy, [batch, time, hidden].
 *
 * Only what truly depends on the step before runs step by step. Gates follow from the known y in one matrix product;
 * weight gradients come from one product over all steps at the end.
 */
export function lstmGradients(
  x: tf.Tensor3D,
  weights: LstmWeights,
  state: LstmState,
  y: tf.Tensor3D,
  dy: tf.Tensor3D,
): LstmGradients {
  const [batch, time, width] = x.shape;
  const hidden = y.shape[2];
  const rows = time * batch;
  // Time first, so that one step is a contiguous block.
  const xs = tf.reshape(tf.transpose(x, [1, 0, 2]), [rows, width]) as tf.Tensor2D;
  const ys = tf.transpose(y, [1, 0, 2]);
  const dys = tf.split(tf.reshape(tf.transpose(dy, [1, 0, 2]), [rows, hidden]), time, 0);
  const hBefore = tf.reshape(
    time === 1
      ? state.h
      : tf.concat(
          [tf.reshape(state.h, [1, batch, hidden]), tf.slice(ys, [0, 0, 0], [time - 1, batch, hidden])],
          0,
        ),
    [rows, hidden],
  ) as tf.Tensor2D;

  const bias = tf.add(weights.biasInput, weights.biasHidden);
  const fromInput = tf.matMul(xs, weights.weightInput, false, true);
  const gates = tf.add(tf.add(fromInput, tf.matMul(hBefore, weights.weightHidden, false, true)), bias);
  const [ai, af, ag, ao] = tf.split(gates, 4, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  const [i, f, g, o] = [tf.sigmoid(ai), tf.sigmoid(af), tf.tanh(ag), tf.sigmoid(ao)];

  const perStep = (t: tf.Tensor) => tf.split(t, time, 0);
  const fSteps = perStep(f);
  const added = perStep(tf.mul(i, g));
  const cells: tf.Tensor[] = [state.c];
  for (let t = 0; t < time; t++) cells.push(tf.add(tf.mul(fSteps[t]!, cells[t]!), added[t]!));
  const cBefore = tf.concat(cells.slice(0, time), 0);
  const tanhCell = tf.tanh(tf.concat(cells.slice(1), 0));

  const slope = (s: tf.Tensor) => tf.mul(s, tf.sub(1, s));
  const tanhSlope = (s: tf.Tensor) => tf.sub(1, tf.square(s));
  // d gates = [dc, dc, dc, dh] * these
  const factors = perStep(
    tf.concat(
      [tf.mul(g, slope(i)), tf.mul(cBefore, slope(f)), tf.mul(i, tanhSlope(g)), tf.mul(tanhCell, slope(o))],
      1,
    ),
  );
  const cellFactors = perStep(tf.mul(o, tanhSlope(tanhCell)));
  const gateGradients: tf.Tensor[] = new Array(time);
  let dhNext: tf.Tensor | undefined;
  let dcNext: tf.Tensor | undefined;
  for (let t = time - 1; t >= 0; t--) {
    const dh: tf.Tensor = dhNext ? tf.add(dys[t]!, dhNext) : dys[t]!;
    const through = tf.mul(dh, cellFactors[t]!);
    const dc: tf.Tensor = dcNext ? tf.add(through, dcNext) : through;
    const dGates = tf.mul(tf.concat([dc, dc, dc, dh], 1), factors[t]!);
    gateGradients[t] = dGates;
    dhNext = tf.matMul(dGates, weights.weightHidden);
    dcNext = tf.mul(dc, fSteps[t]!);
  }

  const dGates = tf.concat(gateGradients, 0) as tf.Tensor2D;
  const dx = tf.reshape(tf.matMul(dGates, weights.weightInput), [time, batch, width]);
  return {
    x: tf.transpose(dx, [1, 0, 2]) as tf.Tensor3D,
    weightInput: tf.matMul(dGates, xs, true, false),
    weightHidden: tf.matMul(dGates, hBefore, true, false),
    bias: tf.sum(dGates, 0),
  };
}
