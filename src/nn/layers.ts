import * as tf from '@tensorflow/tfjs-core';
import { CodecError } from '../core/errors.ts';
import type { Scope, WindowSpec } from '../core/stages.ts';
import { lstm as lstmOp } from '../engine/ops/lstm.ts';
import { convolve } from './convolve.ts';
import { needsWhole } from './timeline.ts';
import { layerWeight } from './weight-norm.ts';

// Everything here is [batch, time, channels]. A convolution becomes one matrix product over windows laid side by side:
// strided and transposed convolutions then need no data movement beyond a reshape, and gradients are products too.

export interface ConvSpec {
  /** State-dict name of the layer, without `.weight`. */
  readonly name: string;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padMode?: WindowSpec['mode'];
  readonly style?: ConvStyle;
}

/** What EnCodec's two models differ in. */
export interface ConvStyle {
  readonly causal: boolean;
  /** Weights as gain and direction, or outputs normalised over all their frames and channels. */
  readonly norm: 'weight' | 'time-group';
}

const CAUSAL: ConvStyle = { causal: true, norm: 'weight' };

/** 1-D convolution, the end filled up to a whole window (EnCodec's SConv1d); causal ones have all other padding left. */
export function conv1d(x: tf.Tensor3D, spec: ConvSpec, scope: Scope): tf.Tensor3D {
  const { name, outChannels, kernel, stride = 1, padMode = 'reflect', style = CAUSAL } = spec;
  const inChannels = x.shape[2];
  if (kernel % stride !== 0) {
    throw new CodecError('bad-recipe', {
      what: `the convolution ${name} cannot be built`,
      found: `kernel ${kernel} with stride ${stride}`,
      expected: 'a kernel that is a multiple of the stride',
    });
  }
  const fanIn = inChannels * kernel;
  const plain = style.norm !== 'weight';
  const weight = layerWeight(scope.params, name, [outChannels, inChannels, kernel], fanIn, plain);
  const bias = scope.params.get(`${name}.bias`, [outChannels], {
    kind: 'uniform',
    bound: 1 / Math.sqrt(fanIn),
  }) as tf.Tensor1D;
  const window = { kernel, stride, mode: padMode, centred: !style.causal };
  const matrix = tf.reshape(tf.transpose(weight, [2, 1, 0]), [fanIn, outChannels]) as tf.Tensor2D;
  if (scope.time.whole && kernel > 1) {
    return normalised(convolve(scope.time.pad(name, x, window), matrix, bias, window), name, style, scope);
  }
  if (stride === 1 && 4 * outChannels <= inChannels)
    return normalised(convByTaps(scope.time.pad(name, x, window), weight, bias), name, style, scope);
  const windows = kernel === 1 ? x : scope.time.windows(name, x, window);
  return normalised(product(windows, matrix, bias), name, style, scope);
}

/** For far fewer channels out than in: every tap's product first, then the sum of their shifts. */
function convByTaps(padded: tf.Tensor3D, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor3D {
  const [outChannels, inChannels, kernel] = weight.shape as [number, number, number];
  const [batch, length] = padded.shape;
  const frames = length - kernel + 1;
  const matrix = tf.reshape(tf.transpose(weight, [1, 2, 0]), [
    inChannels,
    kernel * outChannels,
  ]) as tf.Tensor2D;
  const taps = product(padded, matrix);
  const shifted = Array.from({ length: kernel }, (_, k) =>
    tf.slice(taps, [0, k, k * outChannels], [batch, frames, outChannels]),
  );
  return tf.add(tf.addN(shifted), bias);
}

/** Group norm of one group after a layer, under the name of the layer's container, where the style asks for it. */
function normalised(x: tf.Tensor3D, name: string, { norm }: ConvStyle, scope: Scope): tf.Tensor3D {
  if (norm !== 'time-group') return x;
  if (!scope.time.whole) throw needsWhole(name, 'is normalised over all frames');
  const base = name.replace(/[^.]+$/, 'norm');
  const width = x.shape[2];
  const centred = tf.sub(x, tf.mean(x, [1, 2], true));
  const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), [1, 2], true), 1e-5));
  const gain = scope.params.get(`${base}.weight`, [width], { kind: 'ones' });
  const shift = scope.params.get(`${base}.bias`, [width], { kind: 'zeros' });
  return tf.add(tf.mul(tf.div(centred, deviation), gain), shift);
}

/**
 * Transposed 1-D convolution with kernel = 2 * stride. The surplus of a stride is cut on the right, or half on each side
 * where it is not causal, after the norm.
 */
export function convTranspose1d(
  x: tf.Tensor3D,
  spec: Required<Omit<ConvSpec, 'padMode' | 'style'>> & Pick<ConvSpec, 'style'>,
  scope: Scope,
): tf.Tensor3D {
  const { name, outChannels, kernel, stride, style = CAUSAL } = spec;
  const inChannels = x.shape[2];
  if (kernel !== 2 * stride) {
    throw new CodecError('bad-recipe', {
      what: `the transposed convolution ${name} cannot be built`,
      found: `kernel ${kernel} with stride ${stride}`,
      expected: 'a kernel of twice the stride',
    });
  }
  const fanIn = 2 * inChannels;
  const plain = style.norm !== 'weight';
  const weight = layerWeight(scope.params, name, [inChannels, outChannels, kernel], fanIn, plain);
  // Each input frame makes `stride` output frames now (first half of the kernel) and adds to the next `stride` (second).
  const half = (from: number) =>
    tf.reshape(tf.transpose(tf.slice(weight, [0, 0, from], [inChannels, outChannels, stride]), [0, 2, 1]), [
      inChannels,
      stride * outChannels,
    ]);
  const matrix = tf.concat([half(stride), half(0)], 0) as tf.Tensor2D;
  const [batch, time] = x.shape;
  const bias = scope.params.get(`${name}.bias`, [outChannels], {
    kind: 'uniform',
    bound: 1 / Math.sqrt(fanIn),
  }) as tf.Tensor1D;
  const surplus = !style.causal || plain;
  if (!surplus && scope.time.whole) {
    const pair = { kernel: 2, stride: 1 };
    const y = convolve(
      scope.time.pad(name, x, { ...pair, mode: 'zero' }),
      matrix,
      tf.tile(bias, [stride]),
      pair,
    );
    return tf.reshape(y, [batch, time * stride, outChannels]);
  }
  const pairs = surplus ? allPairs(x) : scope.time.windows(name, x, { kernel: 2, stride: 1, mode: 'zero' });
  const count = surplus ? time + 1 : time;
  const y: tf.Tensor3D = tf.reshape(product(pairs, matrix, tf.tile(bias, [stride])), [
    batch,
    count * stride,
    outChannels,
  ]);
  if (!surplus) return y;
  if (!scope.time.whole) throw needsWhole(name, 'needs all frames');
  const from = style.causal ? 0 : stride - Math.floor(stride / 2);
  return tf.slice(normalised(y, name, style, scope), [0, from, 0], [batch, time * stride, outChannels]);
}

/** Every frame with the one before it, zeros beyond both ends: [batch, time + 1, 2 * channels]. */
function allPairs(x: tf.Tensor3D): tf.Tensor3D {
  const [batch, time, channels] = x.shape;
  const padded = tf.pad(x, [
    [0, 0],
    [1, 1],
    [0, 0],
  ]);
  const part = (at: number) => tf.slice(padded, [0, at, 0], [batch, time + 1, channels]);
  return tf.concat([part(0), part(1)], 2);
}

/** x [batch, time, width] times matrix [width, columns], plus bias. */
function product(x: tf.Tensor3D, matrix: tf.Tensor2D, bias?: tf.Tensor): tf.Tensor3D {
  const [batch, time, width] = x.shape;
  const columns = matrix.shape[1];
  const y = tf.matMul(tf.reshape(x, [batch * time, width]) as tf.Tensor2D, matrix);
  return tf.reshape(bias ? tf.add(y, bias) : y, [batch, time, columns]);
}

/** LSTM layers with a skip around all of them: output plus input (EnCodec's SLSTM). Gate order i, f, g, o. */
export function lstm(x: tf.Tensor3D, name: string, layers: number, scope: Scope): tf.Tensor3D {
  const [batch, , width] = x.shape;
  const init = { kind: 'uniform', bound: 1 / Math.sqrt(width) } as const;
  let y = x;
  for (let layer = 0; layer < layers; layer++) {
    const get = (part: string, shape: number[]) => scope.params.get(`${name}.${part}_l${layer}`, shape, init);
    const weights = {
      weightInput: get('weight_ih', [4 * width, width]) as tf.Tensor2D,
      weightHidden: get('weight_hh', [4 * width, width]) as tf.Tensor2D,
      biasInput: get('bias_ih', [4 * width]) as tf.Tensor1D,
      biasHidden: get('bias_hh', [4 * width]) as tf.Tensor1D,
    };
    const state = {
      h: scope.time.state(`${name}.h${layer}`, batch, width),
      c: scope.time.state(`${name}.c${layer}`, batch, width),
    };
    const result = lstmOp(y, weights, state);
    scope.time.carry(`${name}.h${layer}`, result.h);
    scope.time.carry(`${name}.c${layer}`, result.c);
    y = result.y;
  }
  return tf.add(y, x);
}
