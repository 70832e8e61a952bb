import * as tf from '@tensorflow/tfjs-core';

// Images are [batch, height, width, channels]. Both ways up are made of moves and sums, whose gradients every engine has.

/**
 * Channels to places (Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional
 * Neural Network", 2016): [batch, height, width, factor^2 * channels] -> [batch, height * factor, width * factor, channels].
 * Channels that make one row of a block lie side by side, as TensorFlow's depth_to_space has them.
 */
export function pixelShuffle(x: tf.Tensor4D, factor: number): tf.Tensor4D {
  if (factor === 1) return x;
  const [batch, height, width, depth] = x.shape;
  const channels = depth / factor ** 2;
  // Rows of a block come before columns; a block's row of pixels and channels moves as one.
  const blocks = tf.reshape(x, [batch * height, width, factor, factor * channels]);
  return tf.reshape(tf.transpose(blocks, [0, 2, 1, 3]), [batch, height * factor, width * factor, channels]);
}

/** Bilinear upsampling by a whole factor; pixels have their centres at (i + 1/2), and edges repeat beyond the image. */
export function upsampleBilinear(x: tf.Tensor4D, factor: number): tf.Tensor4D {
  if (factor === 1) return x;
  const [batch, height, width, channels] = x.shape;
  const wide = upsampleAxis(tf.reshape(x, [batch * height, width, channels]), factor);
  const tall = upsampleAxis(tf.reshape(wide, [batch, height, width * factor * channels]), factor);
  return tf.reshape(tall, [batch, height * factor, width * factor, channels]);
}

/** [groups, n, inner] -> [groups, n * factor, inner] */
function upsampleAxis(x: tf.Tensor3D, factor: number): tf.Tensor3D {
  const [groups, n, inner] = x.shape;
  const part = (from: number, size: number) => tf.slice(x, [0, from, 0], [groups, size, inner]);
  const before = n === 1 ? x : tf.concat([part(0, 1), part(0, n - 1)], 1);
  const after = n === 1 ? x : tf.concat([part(1, n - 1), part(n - 1, 1)], 1);
  const phases = Array.from({ length: factor }, (_, i) => {
    // Where this phase's pixel lies from the centre of the one it comes from, in pixels of x.
    const offset = (i + 0.5) / factor - 0.5;
    if (offset === 0) return x;
    const other = offset < 0 ? before : after;
    return tf.add(tf.mul(x, 1 - Math.abs(offset)), tf.mul(other, Math.abs(offset)));
  });
  return tf.reshape(tf.stack(phases, 2), [groups, n * factor, inner]);
}
