import * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../core/rng.ts';
import type { Params, Scope } from '../core/stages.ts';
import type { HostTensor } from '../core/tensor.ts';
import type { GraphIo } from '../engine/engine.ts';
import { trace } from '../engine/onnx/trace.ts';
import { dftBasis } from '../nn/mel.ts';
import { FreshParams } from '../nn/params.ts';
import { WholeTimeline } from '../nn/timeline.ts';
import type { TrainingOptions } from '../recipe/schema.ts';
import { framed } from './losses.ts';
import type { Opponent } from './objective.ts';

type AdversaryOptions = NonNullable<TrainingOptions['adversary']>;

/** What is said of a signal at one resolution. */
interface Opinion {
  /** High where it is taken for real. */
  readonly score: tf.Tensor4D;
  /** Outputs of the layers before. */
  readonly features: tf.Tensor4D[];
}

/** Time between the frames that the strided layers look at. */
const DILATIONS = [1, 2, 4];
const SLOPE = 0.2;

/**
 * Multi-scale STFT discriminator (EnCodec, section 3.4): convolutions over time and frequency of complex spectra, one stack
 * per window length, that learn to tell decoded sound from recorded.
 */
export class Discriminator implements Opponent {
  /** Outputs of the codec's forward pass that it is shown. */
  readonly shown = ['decoded'];
  private readonly options: AdversaryOptions;
  private readonly batchShape: readonly [number, number, number];

  constructor(options: AdversaryOptions, batchShape: readonly [number, number, number]) {
    this.options = options;
    this.batchShape = batchShape;
  }

  freshWeights(rng: Rng): Map<string, HostTensor> {
    const params = new FreshParams(rng);
    trace((io) => {
      const scope = { params, time: new WholeTimeline() };
      io.output('loss', this.forward(io, io.input('x', this.batchShape) as tf.Tensor3D, scope));
    });
    return params.weights;
  }

  /** Hinge loss: recorded sound wants scores above 1, decoded below -1. */
  forward(io: GraphIo, x: tf.Tensor3D, { params }: Scope): tf.Scalar {
    const decoded = io.input('decoded', this.batchShape);
    const real = this.opinions(x, params);
    const made = this.opinions(decoded, params);
    const losses = real.map(({ score }, i) =>
      tf.add(tf.mean(tf.relu(tf.sub(1, score))), tf.mean(tf.relu(tf.add(1, made[i]!.score)))),
    );
    return tf.div(tf.addN(losses), losses.length);
  }

  /**
   * What the codec wants: that its sound be taken for real, and that layers see in it what they see in the recording
   * (relative to that).
   */
  losses(io: GraphIo, decoded: tf.Tensor, x: tf.Tensor): { adversarial: tf.Scalar; matching: tf.Scalar } {
    const params: Params = {
      has: () => true,
      get: (name, shape) => io.input(`param:${name}`, shape),
    };
    const real = this.opinions(x, params);
    const made = this.opinions(decoded, params);
    const fooled = made.map(({ score }) => tf.mean(tf.relu(tf.sub(1, score))));
    const apart = made.flatMap(({ features }, i) =>
      features.map((feature, layer) => {
        const due = real[i]!.features[layer]!;
        return tf.div(tf.mean(tf.abs(tf.sub(feature, due))), tf.add(tf.mean(tf.abs(due)), 1e-5));
      }),
    );
    const mean = (all: tf.Tensor[]) => tf.div(tf.addN(all), all.length) as tf.Scalar;
    return { adversarial: mean(fooled), matching: mean(apart) };
  }

  private opinions(x: tf.Tensor, params: Params): Opinion[] {
    const [batch, time, channels] = this.batchShape;
    const signals = tf.reshape(channels === 1 ? x : tf.transpose(x, [0, 2, 1]), [batch * channels, time]);
    return this.options.windows.map((window) => this.opinion(signals as tf.Tensor2D, window, params));
  }

  private opinion(signals: tf.Tensor2D, window: number, params: Params): Opinion {
    const { filters } = this.options;
    const name = (layer: string) => `discriminator.${window}.${layer}`;
    let h = complexSpectrum(signals, window);
    const features: tf.Tensor4D[] = [];
    const layer = (label: string, kernel: [number, number], stride: number, dilation: number) => {
      h = tf.leakyRelu(convolved(h, name(label), filters, kernel, stride, dilation, params), SLOPE);
      features.push(h);
    };
    layer('first', [3, 9], 1, 1);
    for (const dilation of DILATIONS) layer(`time${dilation}`, [3, 9], 2, dilation);
    layer('last', [3, 3], 1, 1);
    return { score: convolved(h, name('score'), 1, [3, 3], 1, 1, params), features };
  }
}

/** [signals, frames, bins, real and imaginary part], of noise about as large as the noise itself. */
function complexSpectrum(signals: tf.Tensor2D, window: number): tf.Tensor4D {
  const bins = window / 2 + 1;
  const frames = framed(signals, window);
  const basis = tf.tensor2d(
    dftBasis(window).map((v) => v * Math.sqrt(window)),
    [window, 2 * bins],
  );
  const parts = tf.reshape(tf.matMul(frames, basis), [signals.shape[0], -1, 2, bins]);
  return tf.transpose(parts, [0, 1, 3, 2]) as tf.Tensor4D;
}

/** Convolution over time and frequency, `stride` in frequency. Dilation in time takes every `dilation`-th frame for itself. */
function convolved(
  x: tf.Tensor4D,
  name: string,
  outChannels: number,
  [high, wide]: [number, number],
  stride: number,
  dilation: number,
  params: Params,
): tf.Tensor4D {
  const [signals, frames, bins, channels] = x.shape;
  const fanIn = high * wide * channels;
  const weight = params.get(`${name}.weight`, [high, wide, channels, outChannels], {
    kind: 'uniform',
    bound: Math.sqrt(3 / fanIn),
  }) as tf.Tensor4D;
  const bias = params.get(`${name}.bias`, [outChannels], { kind: 'zeros' });
  const conv = (t: tf.Tensor4D) => tf.add(tf.conv2d(t, weight, [1, stride], 'same'), bias) as tf.Tensor4D;
  if (dilation === 1) return conv(x);
  const count = Math.floor(frames / dilation);
  const kept = tf.slice(x, [0, 0, 0, 0], [signals, count * dilation, bins, channels]);
  const apart = tf.transpose(tf.reshape(kept, [signals, count, dilation, bins * channels]), [0, 2, 1, 3]);
  const y = conv(tf.reshape(apart, [signals * dilation, count, bins, channels]));
  const [, , out] = y.shape;
  const back = tf.transpose(tf.reshape(y, [signals, dilation, count, out * outChannels]), [0, 2, 1, 3]);
  return tf.reshape(back, [signals, count * dilation, out, outChannels]);
}
