import * as tf from '@tensorflow/tfjs-core';
import type { Params } from '../core/stages.ts';

// Images are [batch, height, width, channels].

/** Convolution that keeps the size, zeros beyond the edges, with bias: `name.weight` [k, k, in, out], `name.bias` [out]. */
export function conv2d(
  x: tf.Tensor4D,
  name: string,
  outChannels: number,
  kernel: number,
  params: Params,
  gain = 1,
): tf.Tensor4D {
  const inChannels = x.shape[3];
  const bound = gain * Math.sqrt(3 / (inChannels * kernel ** 2));
  const weight = params.get(`${name}.weight`, [kernel, kernel, inChannels, outChannels], {
    kind: 'uniform',
    bound,
  });
  const bias = params.get(`${name}.bias`, [outChannels], { kind: 'zeros' });
  return tf.add(product(x, weight as tf.Tensor4D), bias);
}

/** A convolution of one tap is a matrix product. */
function product(x: tf.Tensor4D, weight: tf.Tensor4D): tf.Tensor4D {
  const [kernel, , inChannels, outChannels] = weight.shape;
  if (kernel !== 1) return tf.conv2d(x, weight, 1, 'same');
  const [batch, height, width] = x.shape;
  const rows = tf.reshape(x, [batch * height * width, inChannels]) as tf.Tensor2D;
  const y = tf.matMul(rows, tf.reshape(weight, [inChannels, outChannels]) as tf.Tensor2D);
  return tf.reshape(y, [batch, height, width, outChannels]);
}

/** Convolution of each channel on its own, size kept, with bias: `name.weight` [k, k, channels, 1], `name.bias` [channels]. */
export function depthwiseConv2d(x: tf.Tensor4D, name: string, kernel: number, params: Params): tf.Tensor4D {
  const channels = x.shape[3];
  const bound = Math.sqrt(3) / kernel;
  const weight = params.get(`${name}.weight`, [kernel, kernel, channels, 1], { kind: 'uniform', bound });
  const bias = params.get(`${name}.bias`, [channels], { kind: 'zeros' });
  return tf.add(tf.depthwiseConv2d(x, weight as tf.Tensor4D, 1, 'same'), bias);
}

/** Squares of factor x factor pixels to one place: [batch, h, w, c] -> [batch, h / factor, w / factor, factor^2 * c]. */
export function spaceToDepth(x: tf.Tensor4D, factor: number): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const [rows, columns] = [height / factor, width / factor];
  const blocks = tf.reshape(x, [batch * rows, factor, columns, factor * channels]);
  return tf.reshape(tf.transpose(blocks, [0, 2, 1, 3]), [batch, rows, columns, factor * factor * channels]);
}

/** Makes a logistic function follow the normal distribution function. */
const STEEPNESS = 1.702;

/**
 * x times the normal distribution function of x, this by a logistic function (Hendrycks & Gimpel 2016, section 2), whose gradient
 * needs no second exponential.
 */
export function gelu<T extends tf.Tensor>(x: T): T {
  const op = tf.customGrad((input, save) => {
    const scaled = tf.mul(input as tf.Tensor, STEEPNESS);
    const share = tf.sigmoid(scaled);
    (save as tf.GradSaveFunc)([scaled, share]);
    return {
      value: tf.mul(input as tf.Tensor, share),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [z, s] = saved as [tf.Tensor, tf.Tensor];
        return tf.mul(dy, tf.mul(s, tf.add(tf.mul(z, tf.sub(1, s)), 1)));
      },
    };
  });
  return op(x) as T;
}
