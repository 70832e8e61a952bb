import * as tf from '@tensorflow/tfjs-core';
import { Rng } from '../../core/rng.ts';
import { float32, type HostTensor, sizeOf } from '../../core/tensor.ts';
import type { NetworkPart } from '../../fitting/network.ts';
import { boundOf, countOf, layerShapes, type Shapes, type SineShape } from './network.ts';

/** What is fitted and coded, and how the layers come of it. */
export interface Parametrisation {
  readonly parts: readonly NetworkPart[];
  /** Where fits start. */
  fresh(seed: number): Map<string, HostTensor>;
  /** How many times the learning rate a tensor learns at. */
  rateOf(name: string): number;
  /** Inputs of a graph besides the parameters, the same in every run. */
  readonly constants: Readonly<Record<string, HostTensor>>;
  /** The layers' matrices in a graph. */
  layers(get: (name: string, shape: readonly number[]) => tf.Tensor): tf.Tensor2D[];
}

/** Weights of a network, or a code for them. */
export function parametrisationOf(shape: SineShape, projection: Projection | undefined): Parametrisation {
  return projection ? projected(shape, projection) : direct(shape);
}

/** Number of values that are coded. */
export function valuesOf(shape: SineShape, projection: Projection | undefined): number {
  const shapes = layerShapes(shape);
  return countOf(projection ? codeShapes(shapes, projection) : shapes);
}

/** The layers themselves (Dupont et al., "COIN", arXiv:2103.03123). */
function direct(shape: SineShape): Parametrisation {
  const shapes = layerShapes(shape);
  return {
    parts: [
      { name: 'first layer', exponents: [2, 12], tensors: shapes.slice(0, 1) },
      { name: 'layers', exponents: [6, 16], tensors: shapes.slice(1) },
    ],
    constants: {},
    fresh: (seed) => layersOf(shapes, new Rng(seed)),
    rateOf: () => rateAt(shape),
    layers: (get) => shapes.map(({ name, shape: each }) => get(name, each) as tf.Tensor2D),
  };
}

/** The widest layers that learn at the rate that a recipe tells. */
const COMMON_WIDTH = 32;

/** A step of Adam moves all inputs of a sine by as much: the more there are, the smaller it must be. */
function rateAt({ width }: SineShape): number {
  return Math.min(1, COMMON_WIDTH / width);
}

/** Of the matrix and of where layers start: part of the format. */
const PROJECTION_SEED = 0x0d0d;
/** The first layer's sines turn fast already; they must not turn faster from step to step. */
const FIRST_CODE_RATE = 0.1;

/** A matrix from so many values of a code to so many weights of a layer. */
export interface Projection {
  readonly code: number;
  readonly weights: number;
}

/**
 * A code, of which a fixed random matrix makes what is added to fixed random layers (Gordon et al., "D'OH: Decoder-Only Random
 * Hypernetworks", arXiv:2403.19163): the network has more weights than the file has values. Theirs is one matrix for all
 * weights; here it makes them block after block, or it would take gigabytes where bits are many.
 */
function projected(shape: SineShape, { code, weights }: Projection): Parametrisation {
  const shapes = layerShapes(shape);
  const rng = new Rng(PROJECTION_SEED);
  // A code of unit variance moves a layer by as much as where it starts.
  const matrix = uniform([code, weights], Math.sqrt(3 / code), rng);
  const starts = layersOf(shapes, rng);
  const codes = codeShapes(shapes, { code, weights });
  return {
    parts: [
      { name: 'first code', exponents: [1, 12], tensors: codes.slice(0, 1) },
      { name: 'codes', exponents: [1, 12], tensors: codes.slice(1) },
    ],
    constants: {
      projection: matrix,
      ...Object.fromEntries(Array.from(starts, ([name, start]) => [`start:${name}`, start])),
    },
    fresh: () => new Map(codes.map(({ name, shape: each }) => [name, float32([...each])])),
    rateOf: (name) => rateAt(shape) * (name === codes[0]!.name ? FIRST_CODE_RATE : 1),
    layers(get) {
      const projection = get('projection', [code, weights]) as tf.Tensor2D;
      return shapes.map(({ name, shape: each }, i) => {
        const blocks = tf.matMul(get(codes[i]!.name, codes[i]!.shape) as tf.Tensor2D, projection);
        const change = tf.slice(tf.reshape(blocks, [blocks.size]), [0], [sizeOf(each)]);
        const scaled = tf.mul(tf.reshape(change, [...each]), boundOf(i, each[0]) / Math.sqrt(3));
        return tf.add(get(`start:${name}`, each), scaled) as tf.Tensor2D;
      });
    },
  };
}

/** As many blocks of code as a layer needs. */
function codeShapes(shapes: Shapes, { code, weights }: Projection): Shapes {
  return shapes.map(({ name, shape }) => ({
    name: `code:${name}`,
    shape: [Math.ceil(sizeOf(shape) / weights), code],
  }));
}

function layersOf(shapes: Shapes, rng: Rng): Map<string, HostTensor> {
  return new Map(shapes.map(({ name, shape }, i) => [name, uniform(shape, boundOf(i, shape[0]), rng)]));
}

function uniform(shape: readonly number[], bound: number, rng: Rng): HostTensor {
  const tensor = float32(shape);
  for (let i = 0; i < tensor.data.length; i++) tensor.data[i] = bound * (2 * rng.uniform() - 1);
  return tensor;
}
