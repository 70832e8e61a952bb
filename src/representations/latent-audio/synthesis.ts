import * as tf from '@tensorflow/tfjs-core';
import { hiddenLayer, withOnes } from '../../nn/hidden-layer.ts';
import { type AudioGeometry, ROWS_BEFORE } from './geometry.ts';

type Get = (name: string) => tf.Tensor;

/** A tile's coefficients in units of its step and gains. */
export interface Units {
  /** Without noise, [frames, columns]. */
  readonly values: tf.Tensor2D;
  /** Magnitude of the noise that stands for what was rounded to zero. */
  readonly noise: tf.Tensor2D;
}

/** Smallest and largest log2 of the noise's magnitude. */
const NOISE_RANGE = [-8, 0] as const;

/** Gains of every coefficient of a tile, [frames, columns], from the window of a tile. */
export function spread(gains: tf.Tensor2D, geometry: AudioGeometry): tf.Tensor2D {
  const rows = tf.tensor2d(geometry.rowMatrix(), [geometry.tileFrames, geometry.gainWindow[0]]);
  const bands = tf.tensor2d(geometry.bandMatrix(), [geometry.gainSize[1], geometry.fineSize[1]]);
  return tf.matMul(tf.matMul(rows, gains), bands);
}

/** The number of its band for each coefficient of a tile, [1, frames * columns]. */
export function bandPlane(geometry: AudioGeometry): tf.Tensor2D {
  const { tileFrames, fineSize } = geometry;
  const plane = new Float32Array(tileFrames * fineSize[1]);
  const bands = geometry.bandOfColumn();
  for (let t = 0; t < tileFrames; t++) plane.set(bands, t * fineSize[1]);
  return tf.tensor2d(plane, [1, plane.length]);
}

/**
 * What latents stand for. Magnitudes around a coefficient, its gain and band tell a small network how far from zero a one is
 * meant, and how much noise there is where it is zero.
 * @param fine window of a tile, zero outside of the sound
 * @param gains as `spread` gives them
 * @param step as `Start.step`, a scalar
 */
export function unitsOf(
  fine: tf.Tensor2D,
  gains: tf.Tensor2D,
  step: tf.Tensor,
  geometry: AudioGeometry,
  get: Get,
): Units {
  const { tileFrames, fineSize } = geometry;
  const size: [number, number] = [tileFrames, fineSize[1]];
  const places = size[0] * size[1];
  const magnitudes = tf.abs(fine) as tf.Tensor2D;
  // Of what is large it does not matter how large.
  const bounded = tf.div(magnitudes, tf.add(magnitudes, 1)) as tf.Tensor2D;
  const rowsAt = (x: tf.Tensor2D, dy: number) => tf.slice(x, [ROWS_BEFORE + dy, 0], size);
  const own = rowsAt(bounded, 0);
  const beside = tf.sub(threeColumns(own), own);
  const before = tf.add(rowsAt(bounded, -1), rowsAt(bounded, 1)) as tf.Tensor2D;
  const around = threeColumns(threeColumns(threeColumns(tf.add(own, before) as tf.Tensor2D)));
  const flat = (x: tf.Tensor) => tf.reshape(x, [1, places]);
  const features = withOnes(
    tf.concat(
      [
        flat(beside),
        flat(before),
        flat(tf.mul(around, 0.1)),
        flat(tf.mul(gains, 0.25)),
        tf.mul(bandPlane(geometry), 0.1),
        tf.mul(tf.ones([1, places]), tf.mul(step, 0.1)),
      ],
      0,
    ) as tf.Tensor2D,
  );
  const hidden = hiddenLayer(features, get('synthesis.0') as tf.Tensor2D, true);
  const outputs = tf.add(
    tf.matMul(get('synthesis.1') as tf.Tensor2D, hidden, true, true),
    tf.matMul(get('synthesis.skip') as tf.Tensor2D, features, true),
  );
  const output = (row: number) => tf.reshape(tf.slice(outputs, [row, 0], [1, places]), size);
  const latents = rowsAt(fine, 0);
  const moved = tf.mul(output(0), tf.clipByValue(latents, -1, 1));
  const level = tf.exp(tf.mul(tf.clipByValue(output(1), ...NOISE_RANGE), Math.LN2));
  const zero = tf.relu(tf.sub(1, rowsAt(magnitudes, 0)));
  return { values: tf.add(latents, moved) as tf.Tensor2D, noise: tf.mul(level, zero) as tf.Tensor2D };
}

/** Sums of each column with those beside it. */
function threeColumns(x: tf.Tensor2D): tf.Tensor2D {
  const padded = tf.pad(x, [
    [0, 0],
    [1, 1],
  ]);
  const at = (dx: number) => tf.slice(padded, [0, dx], x.shape);
  return tf.add(tf.add(at(0), at(2)), x);
}
