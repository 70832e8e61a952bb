import * as tf from '@tensorflow/tfjs-core';
import type { GraphFn } from '../engine/engine.ts';
import type { FitProblem, Phase } from './problem.ts';

/** Forward and backward of a part of a run. */
export function gradientGraph(
  problem: FitProblem,
  shapes: ReadonlyMap<string, readonly number[]>,
  phase: Phase,
): GraphFn {
  const names = [...shapes.keys()];
  return (io) => {
    const parameter = (name: string) => io.input(`param:${name}`, shapes.get(name)!);
    const { value, grads } = tf.valueAndGrads(() => {
      const { total, error, rate } = problem.loss({ ...io, parameter }, phase);
      io.output('error', error);
      io.output('rate', rate);
      return total;
    })(names.map(parameter));
    io.output('total', value);
    for (const [i, name] of names.entries()) io.output(`gradient:${name}`, grads[i]!);
  };
}
