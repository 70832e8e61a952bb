import * as tf from '@tensorflow/tfjs-core';
import type { GraphIo } from '../engine/engine.ts';
import type { TrainingOptions } from '../recipe/schema.ts';

export type BalancerOptions = NonNullable<TrainingOptions['balancer']>;

type Losses = Readonly<Record<string, tf.Scalar>>;

/** Input, and output, that holds the running mean of the norm of a loss's gradient. */
export const balanceName = (loss: string) => `balance:${loss}`;
/** Input: how far the running means move towards this step's norms. */
export const BALANCE_SHARE = 'balanceShare';

/**
 * EnCodec's loss balancer (Défossez et al. 2022, section 3.4): the gradient that reaches the decoder's output y is made of
 * those of the losses, each over the running mean of its own norm, so that a weight is the share of the gradient that a loss
 * has, whatever its scale. Reads and writes those means (`balanceName`).
 * @param of losses of a y; may be called several times
 * @param weights above 0 for those that count
 * @returns the losses, and their weighted sum, which has that gradient
 */
export function balanced(
  io: GraphIo,
  y: tf.Tensor,
  of: (y: tf.Tensor) => Losses,
  weights: Readonly<Record<string, number>>,
  { norm }: BalancerOptions,
): { readonly losses: Losses; readonly total: tf.Scalar } {
  const losses = of(y);
  const counted = Object.keys(losses).filter((name) => weights[name]! > 0);
  const sum = counted.reduce((all, name) => all + weights[name]!, 0);
  const share = io.input(BALANCE_SHARE, []);
  const parts = counted.map((name) => {
    const gradient = tf.grad((each) => of(each)[name]!)(y);
    const size = tf.sqrt(tf.sum(tf.square(gradient)));
    const before = io.input(balanceName(name), []);
    const mean = tf.add(before, tf.mul(tf.sub(size, before), share));
    io.output(balanceName(name), mean);
    return tf.mul(gradient, tf.div((norm * weights[name]!) / sum, tf.add(mean, 1e-12)));
  });
  const gradient = tf.addN(parts);
  const total = weightedSum(losses, weights);
  const pass = tf.customGrad((_, save) => {
    (save as tf.GradSaveFunc)([gradient]);
    return {
      value: tf.clone(total),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(saved[0]!, dy),
    };
  });
  return { losses, total: pass(y) as tf.Scalar };
}

export function weightedSum(losses: Losses, weights: Readonly<Record<string, number>>): tf.Scalar {
  return tf.addN(Object.entries(losses).map(([name, loss]) => tf.mul(loss, weights[name]!))) as tf.Scalar;
}

/** Value of the share input at a step (from 1): a plain mean until `decay` is reached. */
export function balanceShare(step: number, { decay }: BalancerOptions): number {
  return Math.max(1 - decay, 1 / step);
}
