import * as tf from '@tensorflow/tfjs-core';
import type { Scope } from '../core/stages.ts';
import type { GraphIo } from '../engine/engine.ts';
import { InputParams, type Weights } from '../nn/params.ts';
import { WholeTimeline } from '../nn/timeline.ts';
import type { Recipe } from '../recipe/schema.ts';
import type { Stages } from '../recipe/stages.ts';
import { adamStep } from './adam.ts';
import { type AudioLosses, audioLosses } from './losses.ts';
import { quantizeStraightThrough } from './straight-through.ts';

/** What the graphs of a training run share. */
export interface TrainingModel {
  readonly recipe: Recipe;
  readonly stages: Stages;
  /** Everything gradients change: all weights but the codebooks. */
  readonly weights: Weights;
}

export function rowsPerBatch({ training }: Recipe): number {
  return training.batch * training.segmentFrames;
}

type LossName = keyof AudioLosses | 'features';

/** Forward pass and losses of one batch, with its outputs other than gradients. */
function forward(io: GraphIo, { recipe, stages, weights }: TrainingModel): tf.Scalar {
  const { batch, segmentFrames, losses } = recipe.training;
  const { dimension } = recipe.latent;
  const { codebooks, codebookSize } = recipe.quantizer;
  const rows = rowsPerBatch(recipe);
  const samples = segmentFrames * stages.encoder.hopLength;
  const scope: Scope = { params: new InputParams(io, weights), time: new WholeTimeline() };

  const x = io.input('x', [batch, samples, recipe.signal.channels]) as tf.Tensor3D;
  const { encoder, decoder, features } = stages.inner;
  const target = features ? features.analyse(x, scope) : x;
  const latents = tf.reshape(encoder.encode(target, scope), [rows, dimension]) as tf.Tensor2D;
  const { quantized, codes, commitment } = quantizeStraightThrough(
    latents,
    Array.from(
      { length: codebooks },
      (_, q) => io.input(`codebook:${q}`, [codebookSize, dimension]) as tf.Tensor2D,
    ),
    io.input('mask', [codebooks, rows, 1]) as tf.Tensor3D,
    io.input('bypass', [rows, 1]) as tf.Tensor2D,
    losses.commitment,
  );
  const y = decoder.decode(tf.reshape(quantized, [batch, segmentFrames, dimension]) as tf.Tensor3D, scope);
  const [late, due] = aligned(y, target, decoder.delayFrames * encoder.hopLength);
  const distances: Partial<Record<LossName, tf.Scalar>> = features
    ? { features: featureDistance(late, due, losses.loudness) }
    : { ...audioLosses(flat(late), flat(due), recipe.signal.sampleRateHz, losses) };

  for (const [name, tensor] of Object.entries({ latents, codes, commitment, ...distances })) {
    io.output(name, tensor);
  }
  return tf.addN(
    Object.entries(distances).map(([name, distance]) => tf.mul(distance, losses[name as LossName])),
  ) as tf.Scalar;
}

/** What came out and what should have, without the frames that a decoder `delay` frames late has not given yet. */
function aligned(y: tf.Tensor3D, target: tf.Tensor3D, delay: number): [tf.Tensor3D, tf.Tensor3D] {
  if (delay === 0) return [y, target];
  const [batch, time, channels] = target.shape;
  const size: [number, number, number] = [batch, time - delay, channels];
  return [tf.slice(y, [0, delay, 0], size), tf.slice(target, [0, 0, 0], size)];
}

/** Mean absolute difference, that of large features counting more. */
function featureDistance(predicted: tf.Tensor, target: tf.Tensor, loudness: number): tf.Scalar {
  const error = tf.abs(tf.sub(predicted, target));
  if (loudness === 0) return tf.mean(error);
  const weight = tf.add(1, tf.mul(target, loudness));
  return tf.div(tf.mean(tf.mul(error, weight)), tf.mean(weight));
}

/** [batch, time, channels] as one signal per channel. */
function flat(x: tf.Tensor3D): tf.Tensor2D {
  const [batch, time, channels] = x.shape;
  return tf.reshape(channels === 1 ? x : tf.transpose(x, [0, 2, 1]), [batch * channels, time]);
}

/** Losses only. */
export function validationGraph(io: GraphIo, model: TrainingModel): void {
  io.output('total', forward(io, model));
}

/** Forward, backward and the optimiser's step. */
export function trainingGraph(io: GraphIo, model: TrainingModel): void {
  const { adamBeta1: beta1, adamBeta2: beta2, gradientClip: clip } = model.recipe.training;
  const names = [...model.weights.keys()];
  const values = names.map((name) => io.input(`param:${name}`, model.weights.get(name)!.shape));
  const { value, grads } = tf.valueAndGrads(() => forward(io, model))(values);
  const gradients = new Map(names.map((name, i) => [name, { value: values[i]!, gradient: grads[i]! }]));
  io.output('total', value);
  io.output('gradientNorm', adamStep(io, gradients, { beta1, beta2, clip }));
}
