import * as tf from '@tensorflow/tfjs-core';
import { Rng } from '../../core/rng.ts';
import { float32, type HostTensor } from '../../core/tensor.ts';
import type { FitProblem, Phase, StepGraph, StepInputs, StepLoss } from '../../fitting/problem.ts';
import { roundStraightThrough } from '../../nn/rounding.ts';
import type { LayoutShape } from './layout.ts';
import { nameOf, SCALE_BITS, shapesOf, TAP_BITS } from './network.ts';
import { leastSquares, type Rows } from './rows.ts';

/** Samples of each kind in a run of the graph. */
const BATCH = 2048;
/** log2 of the narrowest and widest scale. */
const SCALES = [-4, 15] as const;

/** The fit of the networks to samples: what is made small is about the bits that they take. */
export class BitPlaneProblem implements FitProblem {
  readonly parameters: ReadonlyMap<string, HostTensor>;
  readonly runsPerStep: number;
  private readonly rows: readonly Rows[];
  private readonly shape: LayoutShape;
  private readonly peak: number;
  private readonly batch: number;

  constructor(
    rows: readonly Rows[],
    shape: LayoutShape,
    depth: number,
    parameters: ReadonlyMap<string, HostTensor>,
  ) {
    this.rows = rows;
    this.shape = shape;
    this.peak = 2 ** depth - 1;
    this.parameters = parameters;
    this.batch = Math.min(BATCH, rows[0]!.count);
    this.runsPerStep = Math.ceil(rows[0]!.count / this.batch);
  }

  loss(graph: StepGraph, phase: Phase): StepLoss {
    const { shape, batch } = this;
    const bits: tf.Tensor[] = [];
    const squares: tf.Tensor[] = [];
    for (let kind = 0; kind < shape.kinds; kind++) {
      const get = (tensor: string) => {
        const value = graph.parameter(nameOf(kind, tensor));
        if (phase === 'noise') return value;
        const unit = 2 ** (tensor === 'taps' ? TAP_BITS : SCALE_BITS);
        return tf.div(roundStraightThrough(tf.mul(value, unit)), unit);
      };
      const column = (name: string, columns: number) =>
        graph.input(nameOf(kind, name), [batch, columns]) as tf.Tensor2D;
      const inputs = column('activities', shape.activities + 1);
      const predicted = tf.matMul(column('taps', shape.taps), tf.reshape(get('taps'), [shape.taps, 1]));
      const distance = tf.abs(tf.sub(tf.sub(column('targets', 1), predicted), get('bias')));
      const hidden = tf.relu(tf.matMul(inputs, get('first') as tf.Tensor2D));
      const logScale = tf.add(
        tf.matMul(hidden as tf.Tensor2D, get('second') as tf.Tensor2D),
        tf.matMul(inputs, get('skip') as tf.Tensor2D),
      );
      const scale = tf.exp(tf.mul(tf.clipByValue(logScale, ...SCALES), Math.LN2));
      // Of a Laplace distribution; for narrow ones a sample is nearly certain.
      const spread = tf.div(tf.log(tf.add(tf.mul(scale, 2), 1)), Math.LN2);
      bits.push(tf.mean(tf.add(spread, tf.div(distance, tf.mul(scale, Math.LN2)))));
      squares.push(tf.mean(tf.square(tf.div(distance, this.peak))));
    }
    const rate = tf.div(tf.addN(bits), shape.kinds) as tf.Scalar;
    return { total: rate, rate, error: tf.div(tf.addN(squares), shape.kinds) as tf.Scalar };
  }

  draw(run: number, _phase: Phase, _progress: number, rng: Rng): StepInputs {
    const { batch, shape } = this;
    const inputs: Record<string, HostTensor> = {};
    for (const [kind, rows] of this.rows.entries()) {
      // Batches are stretches of the signal, from a place that changes from step to step.
      const last = rows.count - batch;
      const at = last === 0 ? 0 : (run * batch + rng.int(batch)) % (last + 1);
      const part = (values: Float32Array, columns: number) =>
        float32([batch, columns], Float32Array.from(values.subarray(at * columns, (at + batch) * columns)));
      inputs[nameOf(kind, 'taps')] = part(rows.taps, shape.taps);
      inputs[nameOf(kind, 'activities')] = part(rows.activities, shape.activities + 1);
      inputs[nameOf(kind, 'targets')] = part(rows.targets, 1);
    }
    return { inputs };
  }
}

/** Where a fit begins: the best linear prediction, and scales that follow what goes on around. */
export function startOf(
  rows: readonly Rows[],
  shape: LayoutShape,
  hidden: number,
  seed: number,
): Map<string, HostTensor> {
  const rng = new Rng(seed);
  const { taps, bias, first, second, skip } = shapesOf(shape, hidden);
  const parameters = new Map<string, HostTensor>();
  for (const [kind, own] of rows.entries()) {
    const bound = 0.3 * Math.sqrt(3 / (shape.activities + 1));
    const uniform = () => bound * (2 * rng.uniform() - 1);
    const even = Float32Array.from({ length: shape.activities + 1 }, (_, i) => (i < 6 ? 1 / 6 : 0));
    parameters.set(nameOf(kind, 'taps'), float32(taps, leastSquares(own, shape.taps)));
    parameters.set(nameOf(kind, 'bias'), float32(bias));
    parameters.set(
      nameOf(kind, 'first'),
      float32(first, Float32Array.from({ length: first[0] * first[1] }, uniform)),
    );
    parameters.set(nameOf(kind, 'second'), float32(second));
    parameters.set(nameOf(kind, 'skip'), float32(skip, even));
  }
  return parameters;
}
