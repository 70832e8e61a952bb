import * as tf from '@tensorflow/tfjs-core';
import type { Params } from '../core/stages.ts';

/** Sizes of EnCodec's language model over codes. */
export interface LanguageModelSizes {
  /** Codebooks it has embeddings for; fewer may be in use. */
  readonly codebooks: number;
  readonly codebookSize: number;
  readonly dimension: number;
  readonly layers: number;
  readonly heads: number;
  /** Frames before the current one that are attended to. */
  readonly pastFrames: number;
}

/** What a step takes in. C = pastFrames, H = heads, D = dimension. */
export interface StepInputs {
  /** Rows of all embedding tables laid end to end, one per codebook in use: [codebooks in use], int32. */
  readonly rows: tf.Tensor1D;
  /** Sinusoids of the frame's place: [1, D]. */
  readonly position: tf.Tensor2D;
  /** 0 for past frames that are there, -Infinity for places still empty: [1, 1, C]. */
  readonly mask: tf.Tensor3D;
  /** Of each layer's past frames: [H, D / H, C]. */
  readonly keys: readonly tf.Tensor3D[];
  /** Of each layer's past frames: [H, C, D / H]. */
  readonly values: readonly tf.Tensor3D[];
}

export interface StepOutputs {
  /** [codebooks in use, codebookSize] */
  readonly probabilities: tf.Tensor2D;
  /** Of each layer's current frame: [1, D]. */
  readonly keys: readonly tf.Tensor2D[];
  readonly values: readonly tf.Tensor2D[];
}

const EPSILON = 1e-5;
const HIDDEN_SCALE = 4;

/**
 * One frame of EnCodec's Transformer (Défossez et al. 2022, section 3.3; encodec/model.py LMModel): the distributions of a
 * frame's codes, all codebooks at once, from the codes of the frame before and what is kept of earlier ones. The reference
 * keeps the layers' inputs; their keys and values, kept here, say the same. Order of neither matters: places are told by
 * sinusoids in the input.
 */
export function languageModelStep(
  inputs: StepInputs,
  sizes: LanguageModelSizes,
  params: Params,
): StepOutputs {
  const { dimension, layers } = sizes;
  const used = inputs.rows.shape[0];
  const tables = Array.from(
    { length: used },
    (_, k) => params.get(`emb.${k}.weight`, [sizes.codebookSize + 1, dimension], uniform(1)) as tf.Tensor2D,
  );
  const embedded = tf.sum(tf.gather(tf.concat(tables, 0), inputs.rows), 0, true) as tf.Tensor2D;
  let x = tf.add(layerNorm(embedded, 'transformer.norm_in', params), inputs.position) as tf.Tensor2D;
  const keys: tf.Tensor2D[] = [];
  const values: tf.Tensor2D[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const name = `transformer.layers.${layer}`;
    const past = { keys: inputs.keys[layer]!, values: inputs.values[layer]!, mask: inputs.mask };
    const attention = attend(x, past, name, sizes, params);
    keys.push(attention.key);
    values.push(attention.value);
    x = layerNorm(tf.add(x, attention.y), `${name}.norm1`, params);
    const hidden = gelu(linear(x, `${name}.linear1`, HIDDEN_SCALE * dimension, params));
    x = layerNorm(tf.add(x, linear(hidden, `${name}.linear2`, dimension, params)), `${name}.norm2`, params);
  }
  return { probabilities: distributions(x, used, sizes, params), keys, values };
}

/** Attention of the current frame x [1, D] to the past ones and itself. */
function attend(
  x: tf.Tensor2D,
  past: { readonly keys: tf.Tensor3D; readonly values: tf.Tensor3D; readonly mask: tf.Tensor3D },
  name: string,
  { dimension, heads, pastFrames }: LanguageModelSizes,
  params: Params,
): { y: tf.Tensor2D; key: tf.Tensor2D; value: tf.Tensor2D } {
  const width = dimension / heads;
  const bound = uniform(1 / Math.sqrt(dimension));
  const weight = params.get(`${name}.self_attn.in_proj_weight`, [3 * dimension, dimension], bound);
  const bias = params.get(`${name}.self_attn.in_proj_bias`, [3 * dimension], bound);
  const all = tf.add(tf.matMul(x, weight as tf.Tensor2D, false, true), bias) as tf.Tensor2D;
  const [query, key, value] = [0, 1, 2].map((i) => tf.slice(all, [0, i * dimension], [1, dimension])) as [
    tf.Tensor2D,
    tf.Tensor2D,
    tf.Tensor2D,
  ];
  const perHead = (t: tf.Tensor2D) => tf.reshape(t, [heads, 1, width]);
  const scaled = perHead(tf.mul(query, 1 / Math.sqrt(width)));
  const before = tf.add(tf.matMul(scaled, past.keys), past.mask);
  const self = tf.sum(tf.mul(scaled, perHead(key)), 2, true);
  const weights = tf.softmax(tf.concat([before, self], 2)) as tf.Tensor3D;
  const ofPast = tf.matMul(tf.slice(weights, [0, 0, 0], [heads, 1, pastFrames]), past.values);
  const ofSelf = tf.mul(tf.slice(weights, [0, 0, pastFrames], [heads, 1, 1]), perHead(value));
  const mixed = tf.reshape(tf.add(ofPast, ofSelf), [1, dimension]) as tf.Tensor2D;
  return { y: linear(mixed, `${name}.self_attn.out_proj`, dimension, params), key, value };
}

/** softmax of every codebook's own linear layer: [used, codebookSize] */
function distributions(
  x: tf.Tensor2D,
  used: number,
  { dimension, codebookSize }: LanguageModelSizes,
  params: Params,
): tf.Tensor2D {
  const bound = uniform(1 / Math.sqrt(dimension));
  const parts = (part: string, shape: number[]) =>
    Array.from({ length: used }, (_, k) => params.get(`linears.${k}.${part}`, shape, bound));
  // All of them as one product.
  const weight = tf.concat(parts('weight', [codebookSize, dimension]), 0) as tf.Tensor2D;
  const logits = tf.add(
    tf.matMul(x, weight, false, true),
    tf.concat(parts('bias', [codebookSize]) as tf.Tensor1D[], 0),
  );
  return tf.softmax(tf.reshape(logits, [used, codebookSize])) as tf.Tensor2D;
}

function linear(x: tf.Tensor2D, name: string, outputs: number, params: Params): tf.Tensor2D {
  const inputs = x.shape[1];
  const bound = uniform(1 / Math.sqrt(inputs));
  const weight = params.get(`${name}.weight`, [outputs, inputs], bound) as tf.Tensor2D;
  return tf.add(tf.matMul(x, weight, false, true), params.get(`${name}.bias`, [outputs], bound));
}

// The runtime knows these two by their pattern of operations and runs each as one.

function layerNorm(x: tf.Tensor, name: string, params: Params): tf.Tensor2D {
  const width = x.shape[1]!;
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.pow(centred, 2), -1, true);
  const normed = tf.div(centred, tf.sqrt(tf.add(variance, EPSILON)));
  const scaled = tf.mul(normed, params.get(`${name}.weight`, [width], { kind: 'ones' }));
  return tf.add(scaled, params.get(`${name}.bias`, [width], { kind: 'zeros' })) as tf.Tensor2D;
}

function gelu(x: tf.Tensor2D): tf.Tensor2D {
  return tf.mul(tf.mul(x, tf.add(tf.erf(tf.div(x, Math.SQRT2)), 1)), 0.5);
}

function uniform(bound: number) {
  return { kind: 'uniform', bound } as const;
}
