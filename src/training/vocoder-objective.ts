import * as tf from '@tensorflow/tfjs-core';
import { CodecError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import type { Features, LearnedMagnitudes, Scope } from '../core/stages.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import type { GraphIo } from '../engine/engine.ts';
import { trace } from '../engine/onnx/trace.ts';
import { Dft } from '../nn/dft.ts';
import { ConstantParams, FreshParams, type Weights } from '../nn/params.ts';
import { keptMagnitudes, logAboveFloor } from '../nn/spectrum.ts';
import { WholeTimeline } from '../nn/timeline.ts';
import { codebookName } from '../quantizers/rvq.ts';
import type { Recipe } from '../recipe/schema.ts';
import { buildStages, type Stages } from '../recipe/stages.ts';
import { writeSafetensors } from '../weights/safetensors.ts';
import type { Named, Objective } from './objective.ts';
import { type CodebookCounts, SegmentCodebooks } from './segment-codebooks.ts';
import { quantizeStraightThrough } from './straight-through.ts';

/** The error of silence counts this much of that of a bin ten times louder than the floor. */
const QUIET = 0.3;
/** Input: 1 for segments of true frames. */
const TRUTH = 'truth';

/**
 * The network of a vocoder: from frames of features to magnitudes, by their distance from the signal's. It sees true frames
 * and those that the recipe's codec, whose weights stay as they are, makes of them at every bitrate.
 */
export class VocoderObjective implements Objective {
  readonly losses = [];
  readonly learned = new Map<string, HostTensor>();
  private readonly recipe: Recipe;
  private readonly stages: Stages;
  private readonly features: Features;
  private readonly network: LearnedMagnitudes;
  private readonly segments: SegmentCodebooks;
  private readonly codec: ConstantParams;

  /**
   * @param codec weights of the recipe's codec
   * @throws `bad-recipe` when the recipe's vocoder has nothing to learn
   */
  constructor(recipe: Recipe, codec: Weights) {
    const stages = buildStages(recipe);
    const { features, vocoder } = stages.inner;
    if (!features || !vocoder?.network) {
      throw new CodecError('bad-recipe', {
        what: `${recipe.name} has no vocoder to train`,
        found: vocoder ? `a ${recipe.vocoder?.type} vocoder without a network` : 'no vocoder',
        remedy: 'Set, e.g., vocoder.magnitudes.type=convnext in the recipe.',
      });
    }
    this.recipe = recipe;
    this.stages = stages;
    this.features = features;
    this.network = vocoder.network;
    this.codec = new ConstantParams(codec);
    this.segments = new SegmentCodebooks(recipe);
  }

  get sampleRateHz(): number {
    return this.recipe.signal.sampleRateHz;
  }

  get batchShape(): [number, number, number] {
    const { training, signal } = this.recipe;
    return [training.batch, training.segmentFrames * this.stages.encoder.hopLength, signal.channels];
  }

  freshWeights(rng: Rng): Map<string, HostTensor> {
    const params = new FreshParams(rng);
    trace((io) => {
      const frames = io.input('frames', [1, 16, this.features.dimension]) as tf.Tensor3D;
      io.output('y', this.network.magnitudes(frames, { params, time: new WholeTimeline() }));
    });
    return params.weights;
  }

  adopt(): void {}

  forward(io: GraphIo, x: tf.Tensor3D, scope: Scope): tf.Scalar {
    const frozen: Scope = { params: this.codec, time: scope.time };
    const target = this.features.analyse(x, frozen);
    const coded = this.coded(io, target, frozen);
    const [batch, count, bands] = coded.shape;
    const truth = tf.slice(target, [0, 0, 0], [batch, count, bands]);
    const share = io.input(TRUTH, [batch, 1, 1]);
    const frames = tf.add(tf.mul(truth, share), tf.mul(coded, tf.sub(1, share))) as tf.Tensor3D;

    const { delayFrames } = this.network;
    const due = count - delayFrames;
    const wanted = tf.slice(this.logMagnitudes(x, scope), [0, 0, 0], [batch, due, -1]);
    const found = tf.reshape(this.network.magnitudes(frames, scope), [batch, count, -1]) as tf.Tensor3D;
    const late = tf.slice(found, [0, delayFrames, 0], [batch, due, -1]);
    const error = tf.abs(tf.sub(logAboveFloor(late, this.floor), wanted));
    // What is loud is what is heard.
    const weight = tf.add(wanted, QUIET);
    return tf.div(tf.sum(tf.mul(error, weight)), tf.sum(weight));
  }

  async inputs(_step: number, rng: Rng): Promise<Named> {
    return this.inputsFor(this.segments.drawn(rng, this.recipe.training.bypassShare));
  }

  update(): Record<string, number> {
    return {};
  }

  /** True frames, and those of every bitrate. */
  conditions(): Record<string, Named> {
    return Object.fromEntries(
      Object.entries(this.segments.conditions(true)).map(([name, counts]) => [name, this.inputsFor(counts)]),
    );
  }

  rules(): Record<string, unknown> {
    return { segments: { ...this.segments.rules(), truth: TRUTH } };
  }

  model(weights: Weights): Map<string, HostTensor> {
    return new Map(weights);
  }

  async pack(weights: Weights): Promise<Uint8Array> {
    return writeSafetensors(weights, { recipe: this.recipe.name }, () => 'F16');
  }

  private get floor(): number {
    return this.recipe.features!.floor;
  }

  /** Frames as the codec gives them back, in step with `target` and as much shorter as its decoder is late. */
  private coded(io: GraphIo, target: tf.Tensor3D, scope: Scope): tf.Tensor3D {
    const { encoder, decoder } = this.stages.inner;
    const [batch, count, bands] = target.shape;
    const { rows } = this.segments;
    const { dimension } = this.recipe.latent;
    const { codebooks, codebookSize } = this.recipe.quantizer;
    const latents = tf.reshape(encoder.encode(target, scope), [rows, dimension]) as tf.Tensor2D;
    const vectors = Array.from(
      { length: codebooks },
      (_, q) =>
        scope.params.get(codebookName(q), [codebookSize, dimension], { kind: 'zeros' }) as tf.Tensor2D,
    );
    const { mask, bypass } = this.segments.declare(io);
    const { quantized } = quantizeStraightThrough(latents, vectors, mask, bypass, 0);
    const y = decoder.decode(tf.reshape(quantized, [batch, rows / batch, dimension]) as tf.Tensor3D, scope);
    const delay = decoder.delayFrames * encoder.hopLength;
    return tf.slice(y, [0, delay, 0], [batch, count - delay, bands]);
  }

  /** The signal's own log magnitudes, [batch, frames, bins]. */
  private logMagnitudes(x: tf.Tensor3D, scope: Scope): tf.Tensor3D {
    const { hopLength } = this.features;
    const dft = new Dft(4 * hopLength);
    const framed = scope.time.windows('truth', x, { kernel: dft.size, stride: hopLength, mode: 'zero' });
    const [batch, count] = framed.shape;
    const rows = tf.reshape(framed, [batch * count, dft.size]) as tf.Tensor2D;
    const bins = tf.gather(keptMagnitudes(rows, dft), tf.tensor1d(dft.places, 'int32'), 1);
    return tf.reshape(logAboveFloor(bins, this.floor), [batch, count, dft.places.length]);
  }

  /** Segments that skip the quantizer are true frames. */
  private inputsFor(counts: CodebookCounts): Named {
    const truth = Float32Array.from(counts, (count) => (count === 0 ? 1 : 0));
    return { ...this.segments.inputs(counts), [TRUTH]: float32([counts.length, 1, 1], truth) };
  }
}
