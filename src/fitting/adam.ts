import { adamScalars, EPSILON } from '../nn/adam.ts';
import type { StepRule } from './step-rule.ts';

export interface AdamSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  /** Times what gradients are taken. */
  readonly scale: number;
}

/**
 * Adam (Kingma & Ba 2015) outside of a graph: what `adamStep` of `nn/adam.ts` does in it.
 * @param step from 1
 * @param own what differs for some values: how many times the learning rate, and the beta1
 */
export function adamRule(
  { learningRate, beta1, beta2, scale }: AdamSettings,
  step: number,
  own: { readonly rate: number; readonly beta1?: number | undefined },
): StepRule {
  const scalars = adamScalars(learningRate, step, { beta1, beta2, averageDecay: 0 });
  const root = Math.sqrt(scalars.correction);
  const rate = scalars.rate * root * own.rate;
  const floor = EPSILON * root;
  const ownBeta1 = own.beta1 ?? beta1;
  const share = scale * (1 - ownBeta1);
  const squareShare = scale * scale * (1 - beta2);
  return (values, m, v, gradient, from, to) => {
    for (let i = from; i < to; i++) {
      const g = gradient[i]!;
      const first = m[i]! * ownBeta1 + g * share;
      const second = v[i]! * beta2 + g * g * squareShare;
      m[i] = first;
      v[i] = second;
      values[i]! -= (rate * first) / (Math.sqrt(second) + floor);
    }
  };
}
