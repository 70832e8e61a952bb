import * as tf from '@tensorflow/tfjs-core';
import type { WindowSpec } from '../core/stages.ts';
import { sideBySide } from './timeline.ts';

/**
 * Convolution of padded frames [batch, length, channels] as one matrix product: `matrix` [kernel * channels, outChannels] is
 * applied to every window, then `bias` [outChannels] added. With its own gradient: tfjs' would add up as many padded copies of the windows' gradient as the
 * kernel is long. Here the gradient of the frames is itself a convolution, of the outputs' gradient with the matrix turned
 * round, and that of the matrix is a product with the same windows.
 */
export function convolve(
  padded: tf.Tensor3D,
  matrix: tf.Tensor2D,
  bias: tf.Tensor1D,
  spec: Pick<WindowSpec, 'kernel' | 'stride'>,
): tf.Tensor3D {
  const [batch, length, channels] = padded.shape;
  const { kernel, stride } = spec;
  const outChannels = matrix.shape[1];
  // Blocks of `stride` frames are taken as one, so that windows are one block apart.
  const count = kernel / stride;
  const blocks = length / stride;
  const width = stride * channels;
  const frames = blocks - count + 1;
  const custom = tf.customGrad((...args) => {
    const [x, m, b, save] = args as unknown as [tf.Tensor3D, tf.Tensor2D, tf.Tensor1D, tf.GradSaveFunc];
    save([x, m]);
    return { value: forward(x, m, b), gradFunc: backward };
  });
  return custom(padded, matrix, bias) as tf.Tensor3D;

  function forward(x: tf.Tensor3D, m: tf.Tensor2D, b: tf.Tensor1D): tf.Tensor3D {
    const inBlocks = tf.reshape(x, [batch, blocks, width]) as tf.Tensor3D;
    // With far fewer channels out than in, every block's products come first and then the sum of their shifts.
    if (count > 1 && 4 * outChannels <= width) {
      const turned = tf.transpose(tf.reshape(m, [count, width, outChannels]), [1, 0, 2]);
      const all = tf.matMul(
        tf.reshape(inBlocks, [batch * blocks, width]),
        tf.reshape(turned, [width, count * outChannels]),
      );
      const parts = tf.reshape(all, [batch, blocks, count * outChannels]);
      const shifted = Array.from({ length: count }, (_, i) =>
        tf.slice(parts, [0, i, i * outChannels], [batch, frames, outChannels]),
      );
      return tf.add(tf.addN(shifted), b) as tf.Tensor3D;
    }
    const windows = sideBySide(x, { kernel, stride });
    const y = tf.matMul(tf.reshape(windows, [batch * frames, kernel * channels]) as tf.Tensor2D, m);
    return tf.reshape(tf.add(y, b), [batch, frames, outChannels]);
  }

  function backward(dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] {
    const [x, m] = saved as [tf.Tensor3D, tf.Tensor2D];
    const zeros: [number, number][] = [
      [0, 0],
      [count - 1, count - 1],
      [0, 0],
    ];
    const spread = (count > 1 ? tf.pad(dy, zeros) : dy) as tf.Tensor3D;
    const seen = sideBySide(spread, { kernel: count, stride: 1 });
    const rows = tf.reshape(seen, [batch * blocks, count * outChannels]) as tf.Tensor2D;
    const turned = tf.transpose(tf.reverse(tf.reshape(m, [count, width, outChannels]), 0), [0, 2, 1]);
    const dx = tf.matMul(rows, tf.reshape(turned, [count * outChannels, width]) as tf.Tensor2D);
    const products = tf.matMul(tf.reshape(x, [batch * blocks, width]) as tf.Tensor2D, rows, true, false);
    const dm = tf.transpose(tf.reverse(tf.reshape(products, [width, count, outChannels]), 1), [1, 0, 2]);
    return [
      tf.reshape(dx, [batch, length, channels]),
      tf.reshape(dm, [kernel * channels, outChannels]),
      tf.sum(tf.reshape(dy, [batch * frames, outChannels]), 0),
    ];
  }
}
