import * as tf from '@tensorflow/tfjs-core';
import type { GraphIo } from '../engine/engine.ts';

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  /** Gradients are scaled down when their global norm exceeds this. */
  readonly clip: number;
  /** Decay of the running average of the weights; 0 keeps none. */
  readonly averageDecay: number;
}

/** What is added to the root of the second moment. */
export const EPSILON = 1e-8;
/** At step t the running average decays by t / (t + this) at most: weights of the first steps are soon forgotten. */
export const AVERAGE_SETTLING = 9;

/**
 * One Adam step (Kingma & Ba 2015) inside the graph: reads inputs `param:N`, `m:N`, `v:N`, the scalar `rate` (learning
 * rate with bias correction folded in) and `correction` (1 - beta2^t), writes outputs of the same names. With averages,
 * `average:N` moves towards the weights by the share `averageShare`.
 * Gives the gradients' global norm before clipping.
 */
export function adamStep(
  io: GraphIo,
  gradients: ReadonlyMap<string, { readonly value: tf.Tensor; readonly gradient: tf.Tensor }>,
  { beta1, beta2, clip, averageDecay }: AdamOptions,
): tf.Scalar {
  const squares = new Map([...gradients].map(([name, { gradient }]) => [name, tf.square(gradient)] as const));
  const norm = tf.sqrt(tf.addN([...squares.values()].map((each) => tf.sum(each)))) as tf.Scalar;
  const scale = tf.minimum(1, tf.div(clip, tf.add(norm, 1e-6)));
  // Scalars are multiplied first: every operation saved on a tensor is a pass over all weights.
  const root = tf.sqrt(io.input('correction', []));
  const rate = tf.mul(io.input('rate', []), root);
  const floor = tf.mul(root, EPSILON);
  const squareShare = tf.mul(tf.square(scale), 1 - beta2);
  for (const [name, { value, gradient }] of gradients) {
    const m = tf.add(
      tf.mul(io.input(`m:${name}`, value.shape), beta1),
      tf.mul(gradient, tf.mul(scale, 1 - beta1)),
    );
    const v = tf.add(
      tf.mul(io.input(`v:${name}`, value.shape), beta2),
      tf.mul(squares.get(name)!, squareShare),
    );
    const step = tf.div(m, tf.add(tf.sqrt(v), floor));
    const moved = tf.sub(value, tf.mul(step, rate));
    io.output(`m:${name}`, m);
    io.output(`v:${name}`, v);
    io.output(`param:${name}`, moved);
    if (averageDecay === 0) continue;
    const average = io.input(`average:${name}`, value.shape);
    const towards = tf.mul(tf.sub(moved, average), io.input('averageShare', []));
    io.output(`average:${name}`, tf.add(average, towards));
  }
  return norm;
}

/** Values of `rate`, `correction` and `averageShare` at step t (from 1). */
export function adamScalars(
  learningRate: number,
  step: number,
  { beta1, beta2, averageDecay }: Pick<AdamOptions, 'beta1' | 'beta2' | 'averageDecay'>,
) {
  return {
    rate: learningRate / (1 - beta1 ** step),
    correction: 1 - beta2 ** step,
    averageShare: 1 - Math.min(averageDecay, step / (step + AVERAGE_SETTLING)),
  };
}

/** Linear warm-up, then half a cosine down to `floor` times the peak. */
export function cosineSchedule(
  step: number,
  total: number,
  peak: number,
  warmup: number,
  floor = 0.05,
): number {
  if (step < warmup) return (peak * step) / warmup;
  const progress = Math.min(1, (step - warmup) / Math.max(1, total - warmup));
  return peak * (floor + (1 - floor) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}
