import * as tf from '@tensorflow/tfjs-core';
import { CodecError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import type { Scope } from '../core/stages.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import type { Engine, GraphIo } from '../engine/engine.ts';
import type { Weights } from '../nn/params.ts';
import { freshWeights } from '../recipe/fresh-weights.ts';
import type { Recipe } from '../recipe/schema.ts';
import { buildStages, type Stages } from '../recipe/stages.ts';
import { BALANCE_SHARE, balanced, balanceName, balanceShare, weightedSum } from './balancer.ts';
import { Discriminator } from './discriminator.ts';
import { type AudioLosses, audioLosses } from './losses.ts';
import type { Named, Objective, Probe } from './objective.ts';
import { packModel, type TableSource } from './pack.ts';
import { QuantizerTraining } from './quantizer-training.ts';

type LossName = keyof AudioLosses | 'features' | 'adversarial' | 'matching';

/**
 * A whole codec: encoder, quantizer and decoder, by distances of the signal, or of the features that a recipe works on, then
 * without its vocoder.
 */
export class CodecObjective implements Objective {
  readonly losses: readonly string[];
  private readonly recipe: Recipe;
  private readonly stages: Stages;
  readonly opponent: Discriminator | undefined;
  private readonly quantizer: QuantizerTraining;
  /** Running means of the norms of losses' gradients, by the balancer's names. */
  private readonly balances: ReadonlyMap<string, HostTensor>;

  /** @throws `bad-recipe` for other than mono recipes, and for a discriminator of features */
  constructor(recipe: Recipe, engine: Engine) {
    assertTrainable(recipe);
    this.recipe = recipe;
    this.stages = buildStages(recipe);
    this.quantizer = new QuantizerTraining(recipe, engine);
    const { adversary, balancer } = recipe.training;
    if (adversary) this.opponent = new Discriminator(adversary, this.batchShape);
    const distances = [
      ...(recipe.features ? ['features'] : ['waveform', 'mel', 'spectrum']),
      ...(adversary ? ['adversarial', 'matching'] : []),
    ];
    this.losses = [...distances, 'commitment'];
    const balances = balancer ? distances.filter((name) => this.weights[name as LossName] > 0) : [];
    this.balances = new Map(balances.map((name) => [balanceName(name), float32([])]));
  }

  private get weights(): Record<LossName, number> {
    const { losses, adversary } = this.recipe.training;
    return { ...losses, adversarial: adversary?.weight ?? 0, matching: adversary?.matching ?? 0 };
  }

  get sampleRateHz(): number {
    return this.recipe.signal.sampleRateHz;
  }

  get batchShape(): [number, number, number] {
    const { training, signal } = this.recipe;
    return [training.batch, training.segmentFrames * this.stages.encoder.hopLength, signal.channels];
  }

  get learned(): Map<string, HostTensor> {
    return new Map([...this.quantizer.tensors, ...this.balances]);
  }

  freshWeights(rng: Rng): Map<string, HostTensor> {
    return freshWeights(this.recipe, rng);
  }

  adopt(model: Weights): void {
    this.quantizer.adopt(model);
  }

  forward(io: GraphIo, x: tf.Tensor3D, scope: Scope): tf.Scalar {
    const { recipe, quantizer } = this;
    const { batch, segmentFrames, losses } = recipe.training;
    const { dimension } = recipe.latent;
    const { rows } = quantizer.segments;
    const { encoder, decoder, features } = this.stages.inner;
    const target = features ? features.analyse(x, scope) : x;
    const latents = tf.reshape(encoder.encode(target, scope), [rows, dimension]) as tf.Tensor2D;
    const { quantized, codes, commitment } = this.quantizer.quantize(io, latents, losses.commitment);
    const y = decoder.decode(tf.reshape(quantized, [batch, segmentFrames, dimension]) as tf.Tensor3D, scope);
    const distances = (made: tf.Tensor): Partial<Record<LossName, tf.Scalar>> => {
      const [late, due] = aligned(made as tf.Tensor3D, target, decoder.delayFrames * encoder.hopLength);
      return {
        ...(features
          ? { features: featureDistance(late, due, losses.loudness) }
          : audioLosses(flat(late), flat(due), recipe.signal.sampleRateHz, losses)),
        ...this.opponent?.losses(io, made, x),
      };
    };
    const { losses: found, total } = this.summed(
      io,
      y,
      distances as (y: tf.Tensor) => Record<string, tf.Scalar>,
    );
    const outputs = { latents, codes, commitment, ...found, ...(this.opponent && { decoded: y }) };
    for (const [name, tensor] of Object.entries(outputs)) io.output(name, tensor);
    return total;
  }

  private summed(io: GraphIo, y: tf.Tensor, distances: (y: tf.Tensor) => Record<string, tf.Scalar>) {
    const { balancer } = this.recipe.training;
    if (balancer) return balanced(io, y, distances, this.weights, balancer);
    const losses = distances(y);
    return { losses, total: weightedSum(losses, this.weights) };
  }

  /** Quantizer dropout: each segment uses the codebooks of a bitrate drawn at random, or skips the quantizer. */
  async inputs(step: number, rng: Rng, probe: Probe): Promise<Named> {
    const { bypassShare } = this.recipe.training;
    const share = this.usesCodes(step) ? bypassShare : 1;
    if (share < 1 && this.quantizer.codebooks.empty) {
      await this.quantizer.initialise((inputs) => probe({ ...inputs, ...this.balanceInputs(step) }), rng);
    }
    const counts = this.quantizer.segments.drawn(rng, share);
    return { ...this.quantizer.inputs(counts), ...this.balanceInputs(step) };
  }

  private balanceInputs(step: number): Named {
    const { balancer } = this.recipe.training;
    if (!balancer) return {};
    const share = float32([], Float32Array.of(balanceShare(step, balancer)));
    return { ...Object.fromEntries(this.balances), [BALANCE_SHARE]: share };
  }

  update(step: number, outputs: Named, rng: Rng): Record<string, number> {
    for (const [name, mean] of this.balances) mean.data[0] = outputs[name]!.data[0]!;
    return { replacedCodes: this.usesCodes(step) ? this.quantizer.update(outputs, rng) : 0 };
  }

  /** Unquantized, and every bitrate once there are codebooks. */
  conditions(): Record<string, Named> {
    const { codebooks, segments } = this.quantizer;
    return Object.fromEntries(
      Object.entries(segments.conditions(!codebooks.empty)).map(([name, counts]) => [
        name,
        { ...this.quantizer.inputs(counts), ...this.balanceInputs(1) },
      ]),
    );
  }

  rules(): Record<string, unknown> {
    const { balancer } = this.recipe.training;
    return {
      ...(balancer && { balancer: { share: BALANCE_SHARE, decay: balancer.decay } }),
      segments: this.quantizer.segments.rules(),
      quantizer: this.quantizer.rules(),
    };
  }

  model(weights: Weights): Map<string, HostTensor> {
    return new Map([...weights, ...this.quantizer.vectors]);
  }

  pack(weights: Weights, source: TableSource): Promise<Uint8Array> {
    return packModel(this.recipe, this.model(weights), source);
  }

  private usesCodes(step: number): boolean {
    return step > this.recipe.training.unquantizedSteps;
  }
}

function assertTrainable({ name, signal, features, training }: Recipe): void {
  if (features && training.adversary) {
    throw new CodecError('bad-recipe', {
      what: `cannot train ${name} against a discriminator`,
      found: 'a codec of features, trained without its vocoder',
      remedy: 'Leave out training.adversary.',
    });
  }
  if (signal.channels === 1) return;
  throw new CodecError('bad-recipe', {
    what: `cannot train ${name}`,
    found: `${signal.channels} channels`,
    expected: 'a mono recipe',
    remedy: 'Set signal.channels to 1.',
  });
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
