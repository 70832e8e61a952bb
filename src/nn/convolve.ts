import * as tf from '@tensorflow/tfjs-core';
import type { WindowSpec } from '../core/stages.ts';
import { sumOfShifts, windowsOf } from './neighbours.ts';

/**
 * Convolution of padded frames [batch, length, channels] as one matrix product: `matrix` [kernel * channels, outChannels] is
 * applied to every window, then `bias` [outChannels] added. With its own gradient: tfjs' would add up as many padded copies
 * of the windows' gradient as the kernel is long.
 *
 * Frames are taken in blocks of `stride`: a window is `kernel / stride` of them, the next window begins one later. A sum over
 * neighbours can be had in two ways: lay them side by side and multiply once (inputs are copied), or multiply each with all
 * of the matrix and add what belongs together (outputs are copied). The gradient of either is of the other kind. So the
 * narrower of inputs and outputs is copied, on the way there and on the way back.
 */
export function convolve(
  padded: tf.Tensor3D,
  matrix: tf.Tensor2D,
  bias: tf.Tensor1D,
  { kernel, stride }: Pick<WindowSpec, 'kernel' | 'stride'>,
): tf.Tensor3D {
  const [batch, length, channels] = padded.shape;
  const outChannels = matrix.shape[1];
  const count = kernel / stride;
  const blocks = length / stride;
  const width = stride * channels;
  const frames = blocks - count + 1;
  const custom = tf.customGrad((...args) => {
    const [x, m, b, save] = args as unknown as [tf.Tensor3D, tf.Tensor2D, tf.Tensor1D, tf.GradSaveFunc];
    const inBlocks = tf.reshape(x, [batch, blocks, width]) as tf.Tensor3D;
    return count === 1 || width <= outChannels ? bySide(inBlocks, m, b, save) : byShift(inBlocks, m, b, save);
  });
  return custom(padded, matrix, bias) as tf.Tensor3D;

  function bySide(x: tf.Tensor3D, m: tf.Tensor2D, b: tf.Tensor1D, save: tf.GradSaveFunc) {
    const windows = windowsOf(x, count);
    save([windows, m]);
    return {
      value: tf.reshape(tf.add(tf.matMul(windows, m), b), [batch, frames, outChannels]),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [side, weight] = saved as [tf.Tensor2D, tf.Tensor2D];
        const back = tf.reshape(taps(weight, true), [count * width, outChannels]) as tf.Tensor2D;
        const products = tf.matMul(rows(spread(dy)), back, false, true);
        const dx = sumOfShifts(tf.reshape(products, [batch, blocks + count - 1, count * width]), count);
        return gradients(dx, tf.matMul(side, rows(dy), true, false), dy);
      },
    };
  }

  function byShift(x: tf.Tensor3D, m: tf.Tensor2D, b: tf.Tensor1D, save: tf.GradSaveFunc) {
    save([x, m]);
    const there = tf.reshape(tf.transpose(taps(m), [1, 0, 2]), [width, count * outChannels]) as tf.Tensor2D;
    // The bias goes along with one of the products.
    const once = tf.concat([b, tf.zeros([(count - 1) * outChannels])]);
    const products = tf.add(tf.matMul(rows(x), there), once);
    return {
      value: sumOfShifts(tf.reshape(products, [batch, blocks, count * outChannels]), count),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [from, weight] = saved as [tf.Tensor3D, tf.Tensor2D];
        const seen = windowsOf(spread(dy), count);
        const back = tf.reshape(tf.transpose(taps(weight, true), [0, 2, 1]), [count * outChannels, width]);
        const dx = tf.matMul(seen, back as tf.Tensor2D);
        const products = tf.reshape(tf.matMul(rows(from), seen, true, false), [width, count, outChannels]);
        return gradients(dx, tf.transpose(tf.reverse(products, 1), [1, 0, 2]), dy);
      },
    };
  }

  function gradients(dx: tf.Tensor, dm: tf.Tensor, dy: tf.Tensor): tf.Tensor[] {
    return [
      tf.reshape(dx, [batch, length, channels]),
      tf.reshape(dm, [kernel * channels, outChannels]),
      tf.sum(rows(dy), 0),
    ];
  }

  /** The matrix by block of a window: [count, width, outChannels]. */
  function taps(m: tf.Tensor2D, reversed = false): tf.Tensor3D {
    const each = tf.reshape(m, [count, width, outChannels]) as tf.Tensor3D;
    return reversed ? tf.reverse(each, 0) : each;
  }

  /** Zeros on both sides, so that every block has all the outputs that saw it beside it. */
  function spread(dy: tf.Tensor): tf.Tensor3D {
    const zeros: [number, number][] = [
      [0, 0],
      [count - 1, count - 1],
      [0, 0],
    ];
    return (count > 1 ? tf.pad(dy, zeros) : dy) as tf.Tensor3D;
  }
}

function rows(x: tf.Tensor): tf.Tensor2D {
  const [batch, length, width] = x.shape as [number, number, number];
  return tf.reshape(x, [batch * length, width]);
}
