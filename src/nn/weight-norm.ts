import * as tf from '@tensorflow/tfjs-core';
import type { Params } from '../core/stages.ts';
import { type HostTensor, lazyTensor } from '../core/tensor.ts';
import { rowNorms, type Weights } from './params.ts';

/**
 * A layer's weight: `NAME.weight` if stored whole, else `NAME.weight_g * NAME.weight_v / |NAME.weight_v|` with the norm
 * over all axes but the first (Salimans & Kingma 2016, torch.nn.utils.weight_norm with dim 0).
 * @param fanIn products summed into one output
 * @param plain whether a fresh model stores it whole
 */
export function layerWeight(
  params: Params,
  name: string,
  shape: readonly number[],
  fanIn: number,
  plain = false,
): tf.Tensor {
  // Keeps the variance from layer to layer: with torch's default a deep stack starts out all but silent.
  const init = { kind: 'uniform', bound: Math.sqrt(3 / fanIn) } as const;
  if (plain || params.has(`${name}.weight`)) return params.get(`${name}.weight`, shape, init);
  const v = params.get(`${name}.weight_v`, shape, init);
  const gainShape = [shape[0]!, ...shape.slice(1).map(() => 1)];
  const g = params.get(`${name}.weight_g`, gainShape, { kind: 'norm-of', name: `${name}.weight_v` });
  const axes = shape.map((_, i) => i).slice(1);
  const norm = tf.sqrt(tf.sum(tf.square(v), axes, true));
  return tf.mul(v, tf.div(g, norm));
}

/**
 * The same weights with every weight_g, weight_v pair multiplied out, as inference wants them; each when it is first read,
 * as weights may be decoded no sooner themselves.
 */
export function foldWeightNorm(weights: Weights): Map<string, HostTensor> {
  const folded = new Map<string, HostTensor>();
  for (const [name, value] of weights) {
    if (name.endsWith('.weight_g')) continue;
    if (!name.endsWith('.weight_v')) {
      folded.set(name, value);
      continue;
    }
    const base = name.slice(0, -'_v'.length);
    const gain = weights.get(`${base}_g`);
    if (gain) {
      folded.set(
        base,
        lazyTensor('float32', value.shape, () => fold(value, gain)),
      );
    }
  }
  return folded;
}

function fold(v: HostTensor, gain: HostTensor): Float32Array {
  const values = v.data as Float32Array;
  const gains = gain.data as Float32Array;
  const norms = rowNorms(values, gains.length);
  const width = values.length / gains.length;
  const result = new Float32Array(values.length);
  for (let row = 0; row < gains.length; row++) {
    const scale = gains[row]! / norms[row]!;
    for (let i = row * width; i < (row + 1) * width; i++) result[i] = values[i]! * scale;
  }
  return result;
}
