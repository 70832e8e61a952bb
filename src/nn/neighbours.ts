import * as tf from '@tensorflow/tfjs-core';

const NARROW = 8;

/** Every `count` successive rows of x [batch, length, width] side by side: [batch * (length - count + 1), count * width]. */
export function windowsOf(x: tf.Tensor3D, count: number): tf.Tensor2D {
  const [batch, length, width] = x.shape;
  const places = length - count + 1;
  const shape: [number, number] = [batch * places, count * width];
  if (count === 1) return tf.reshape(x, shape);
  // Gathering is one pass over memory, slices and their concatenation are two; but it goes row by row.
  if (width < NARROW) {
    const parts = Array.from({ length: count }, (_, i) => tf.slice(x, [0, i, 0], [batch, places, width]));
    return tf.reshape(tf.concat(parts, 2), shape);
  }
  // Places are counted, not listed, so that an exported graph can count them for signals of any length.
  const place = tf.cumsum(tf.fill([places, 1], 1, 'int32'), 0, true);
  const offset = tf.tensor2d(
    Int32Array.from({ length: count }, (_, i) => i),
    [1, count],
    'int32',
  );
  return tf.reshape(tf.gather(x, tf.add(place, offset) as tf.Tensor1D, 1), shape);
}

/** Row t of the result is the sum over i of part i of row t + i: [batch, length, count * width] -> [batch, length - count + 1, width]. */
export function sumOfShifts(x: tf.Tensor3D, count: number): tf.Tensor3D {
  const [batch, length, columns] = x.shape;
  if (count === 1) return x;
  const width = columns / count;
  const places = length - count + 1;
  const parts = tf.split(x, count, 2).map((part, i) => tf.slice(part, [0, i, 0], [batch, places, width]));
  return (count === 2 ? tf.add(parts[0]!, parts[1]!) : tf.addN(parts)) as tf.Tensor3D;
}
