import * as tf from '@tensorflow/tfjs-core';
import { hiddenLayer, withOnes } from '../../nn/hidden-layer.ts';
import { convolvePlanes } from '../../nn/planes.ts';
import { rectify } from '../../nn/rectifier.ts';
import { HALO, PIXEL_HALO, type Tiling } from './geometry.ts';

// Everything is planes, [channels, height, width]: shifted copies are contiguous, and a plane of ones makes biases rows of
// the matrices.

type Get = (name: string) => tf.Tensor;

/**
 * Pixels of a tile, [channels, height, width], from its windows of all levels (Ladune et al., "COOL-CHIC",
 * arXiv:2212.05458; learned upsampling after Leguay et al., arXiv:2307.12706).
 */
export function synthesise(windows: readonly tf.Tensor2D[], tiling: Tiling, get: Get): tf.Tensor3D {
  const stack = features(windows, tiling, get('upsampling') as tf.Tensor2D);
  const [planes, height, width] = stack.shape;
  const pixels = height * width;
  const x = withOnes(tf.reshape(stack, [planes, pixels]));
  const hidden = hiddenLayer(x, get('synthesis.0') as tf.Tensor2D, true);
  const second = get('synthesis.1') as tf.Tensor2D;
  const mixed = tf.add(
    tf.matMul(second, hidden, true, true),
    tf.matMul(get('synthesis.skip') as tf.Tensor2D, x, true),
  );
  const channels = second.shape[1];
  const y = tf.reshape(mixed, [channels, height, width]) as tf.Tensor3D;
  const filtered = rectify(convolveResidual(y, get('synthesis.2') as tf.Tensor2D)) as tf.Tensor3D;
  return convolveResidual(filtered, get('synthesis.3') as tf.Tensor2D);
}

/** All levels at the tile's resolution, with the pixels around it that the convolutions see. */
function features(windows: readonly tf.Tensor2D[], tiling: Tiling, taps: tf.Tensor2D): tf.Tensor3D {
  const plane = (x: tf.Tensor2D) => tf.expandDims(x, 0) as tf.Tensor3D;
  let stack = plane(windows.at(-1)!);
  for (let level = windows.length - 1; level > 0; level--) {
    const matrix = phases(tf.reshape(tf.slice(taps, [level - 1, 0], [1, 4]), [4]));
    stack = tf.concat([plane(windows[level - 1]!), upsample(stack, matrix)], 0);
  }
  const margin = HALO - PIXEL_HALO;
  const [height, width] = tiling.window(0);
  return tf.slice(stack, [0, margin, margin], [stack.shape[0], height - 2 * margin, width - 2 * margin]);
}

/** Taps at distances 1.75, 0.75, 0.25, 1.25 as the matrix from five neighbours to the two pixels in the middle. */
function phases(taps: tf.Tensor1D): tf.Tensor2D {
  const nothing = tf.zeros([1]) as tf.Tensor1D;
  return tf.stack([tf.concat([taps, nothing]), tf.concat([nothing, tf.reverse(taps)])], 1) as tf.Tensor2D;
}

/** Twice as large, without the HALO on each side that is then too much. */
function upsample(x: tf.Tensor3D, matrix: tf.Tensor2D): tf.Tensor3D {
  const swap = (y: tf.Tensor3D) => tf.transpose(y, [0, 2, 1]);
  return swap(upsampleLast(swap(upsampleLast(x, matrix)), matrix));
}

function upsampleLast(x: tf.Tensor3D, matrix: tf.Tensor2D): tf.Tensor3D {
  const [planes, rows, columns] = x.shape;
  const pairs = columns - HALO;
  const shifted = Array.from({ length: 5 }, (_, i) =>
    tf.reshape(tf.slice(x, [0, 0, i], [planes, rows, pairs]), [1, planes * rows * pairs]),
  );
  const both = tf.matMul(tf.concat(shifted, 0) as tf.Tensor2D, matrix, true);
  return tf.reshape(both, [planes, rows, 2 * pairs]);
}

/** x + 3 x 3 convolution of x with bias, without the pixel at each edge that has no neighbours. */
function convolveResidual(x: tf.Tensor3D, weights: tf.Tensor2D): tf.Tensor3D {
  const [channels, height, width] = x.shape;
  const taps = 9 * channels;
  const bias = tf.reshape(tf.slice(weights, [taps, 0], [1, channels]), [channels, 1, 1]);
  const change = convolvePlanes(x, tf.slice(weights, [0, 0], [taps, channels]));
  return tf.add(tf.slice(x, [0, 1, 1], [channels, height - 2, width - 2]), tf.add(change, bias));
}
