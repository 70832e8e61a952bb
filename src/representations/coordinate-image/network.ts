import * as tf from '@tensorflow/tfjs-core';
import { Rng } from '../../core/rng.ts';
import { float32, type HostTensor, sizeOf } from '../../core/tensor.ts';
import type { NetworkPart } from '../../fitting/network.ts';

/** A network of sines from coordinates in [-1, 1] to samples (Sitzmann et al., "SIREN", arXiv:2006.09661). */
export interface SineShape {
  /** Hidden layers. */
  readonly layers: number;
  readonly width: number;
  readonly channels: number;
}

/** How fast the sines turn: SIREN's omega. */
const FREQUENCY = 30;

type Shapes = readonly { readonly name: string; readonly shape: readonly [number, number] }[];

/** Matrices of the layers; the last row of each is the bias. */
export function layerShapes({ layers, width, channels }: SineShape): Shapes {
  return Array.from({ length: layers + 1 }, (_, i) => ({
    name: `layer.${i}`,
    shape: [(i === 0 ? 2 : width) + 1, i === layers ? channels : width] as const,
  }));
}

export function countOf(shape: SineShape): number {
  return layerShapes(shape).reduce((sum, { shape: each }) => sum + sizeOf(each), 0);
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

/** What is fitted and coded, and how the layers come of it. */
export interface Parametrisation {
  readonly parts: readonly NetworkPart[];
  /** Where fits start. */
  fresh(seed: number): Map<string, HostTensor>;
  /** Inputs of a graph besides the parameters, the same in every run. */
  readonly constants: Readonly<Record<string, HostTensor>>;
  /** The layers' matrices in a graph. */
  layers(get: (name: string, shape: readonly number[]) => tf.Tensor): tf.Tensor2D[];
}

/** The layers themselves (Dupont et al., "COIN", arXiv:2103.03123). */
export function direct(shape: SineShape): Parametrisation {
  const shapes = layerShapes(shape);
  return {
    parts: [
      { name: 'first layer', exponents: [2, 12], tensors: shapes.slice(0, 1) },
      { name: 'layers', exponents: [6, 16], tensors: shapes.slice(1) },
    ],
    constants: {},
    fresh(seed) {
      const rng = new Rng(seed);
      return new Map(
        shapes.map(({ name, shape: each }, i) => [name, uniform(each, boundOf(i, each[0]), rng)]),
      );
    },
    layers: (get) => shapes.map(({ name, shape: each }) => get(name, each) as tf.Tensor2D),
  };
}

/** Of the matrices: part of the format. */
const PROJECTION_SEED = 0x0d0d;

/**
 * One code, from which fixed random matrices make all layers (Gordon et al., "D'OH: Decoder-Only Random Hypernetworks",
 * arXiv:2403.19163): as many values are coded as the code has, whatever the network's size.
 */
export function projected(shape: SineShape, codeLength: number): Parametrisation {
  const shapes = layerShapes(shape);
  const rng = new Rng(PROJECTION_SEED);
  const constants: Record<string, HostTensor> = {};
  for (const [i, { name, shape: each }] of shapes.entries()) {
    // With a code of unit variance the layers start as SIREN's do.
    const bound = boundOf(i, each[0]) / Math.sqrt(codeLength);
    constants[`projection:${name}`] = uniform([codeLength, sizeOf(each)], bound, rng);
  }
  return {
    parts: [{ name: 'code', exponents: [1, 12], tensors: [{ name: 'code', shape: [1, codeLength] }] }],
    constants,
    fresh: (seed) => new Map([['code', uniform([1, codeLength], Math.sqrt(3), new Rng(seed))]]),
    layers(get) {
      const code = get('code', [1, codeLength]) as tf.Tensor2D;
      return shapes.map(({ name, shape: each }) => {
        const matrix = get(`projection:${name}`, [codeLength, sizeOf(each)]) as tf.Tensor2D;
        return tf.reshape(tf.matMul(code, matrix), [each[0], each[1]]) as tf.Tensor2D;
      });
    },
  };
}

function uniform(shape: readonly number[], bound: number, rng: Rng): HostTensor {
  const tensor = float32(shape);
  for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = bound * (2 * rng.uniform() - 1);
  return tensor;
}
