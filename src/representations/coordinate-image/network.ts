import * as tf from '@tensorflow/tfjs-core';
import { sizeOf } from '../../core/tensor.ts';

/** A network of sines from coordinates in [-1, 1] to samples (Sitzmann et al., "SIREN", arXiv:2006.09661). */
export interface SineShape {
  /** Hidden layers. */
  readonly layers: number;
  readonly width: number;
  readonly channels: number;
}

/** How fast the sines turn: SIREN's omega. */
const FREQUENCY = 30;

export type Shapes = readonly { readonly name: string; readonly shape: readonly [number, number] }[];

/** Matrices of the layers; the last row of each is the bias. */
export function layerShapes({ layers, width, channels }: SineShape): Shapes {
  return Array.from({ length: layers + 1 }, (_, i) => ({
    name: `layer.${i}`,
    shape: [(i === 0 ? 2 : width) + 1, i === layers ? channels : width] as const,
  }));
}

export function countOf(shapes: Shapes): number {
  return shapes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Largest magnitude at which a layer's values start. */
export function boundOf(layer: number, inputs: number): number {
  return layer === 0 ? 1 / inputs : Math.sqrt(6 / inputs) / FREQUENCY;
}

/** Samples [points, channels] at points [points, 2]. */
export function sineNetwork(points: tf.Tensor2D, weights: readonly tf.Tensor2D[]): tf.Tensor2D {
  let x = points;
  for (const [i, matrix] of weights.entries()) {
    const [inputs, outputs] = [matrix.shape[0] - 1, matrix.shape[1]];
    const product = tf.matMul(x, tf.slice(matrix, [0, 0], [inputs, outputs]));
    const sum = tf.add(product, tf.slice(matrix, [inputs, 0], [1, outputs]));
    x = (i === weights.length - 1 ? tf.add(sum, 0.5) : tf.sin(tf.mul(sum, FREQUENCY))) as tf.Tensor2D;
  }
  return x;
}
