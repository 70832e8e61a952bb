import * as tf from '@tensorflow/tfjs-core';
import { float32, type HostTensor, sizeOf } from '../core/tensor.ts';
import type { CompiledGraph, Engine } from '../engine/engine.ts';
import type { StepRule } from './step-rule.ts';

/** Matrices with fewer rows or columns gain nothing, and first and last layers are better left to Adam (Jordan et al.). */
const FEWEST = 8;
const MOMENTUM = 0.95;
/** Coefficients of the polynomial that takes singular values towards 1, those of Jordan et al. */
const [A, B, C] = [3.4445, -4.775, 2.0315] as const;
/** Where both sides are longer, columns are taken in pieces no wider than this: products of the shorter side cost its square. */
const WIDEST = 256;
/** Jordan et al. take 5. Files of 3 lie on the same curve of rate and error (docs/inr-video.md), for three fifths of the products. */
const ITERATIONS = 3;

interface Matrix {
  readonly shape: readonly [rows: number, columns: number];
  /** What is made orthogonal: the gradient ahead of its momentum. */
  readonly direction: HostTensor;
  readonly result: HostTensor;
}

/**
 * Muon (K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024): the momentum of a matrix's gradients,
 * with its singular values made about equal, is the direction of a step. What mattered little so far then learns as much as what
 * mattered most. Filters are matrices of all that is added up by their outputs.
 */
export class Muon {
  private readonly matrices: ReadonlyMap<string, Matrix>;
  private readonly graph: CompiledGraph;

  private constructor(matrices: ReadonlyMap<string, Matrix>, graph: CompiledGraph) {
    this.matrices = matrices;
    this.graph = graph;
  }

  /** For those of the parameters that are matrices; undefined if none is. */
  static async create(
    engine: Engine,
    parameters: ReadonlyMap<string, HostTensor>,
  ): Promise<Muon | undefined> {
    const matrices = new Map<string, Matrix>();
    for (const [name, { shape }] of parameters) {
      const columns = shape.at(-1) ?? 0;
      const rows = columns === 0 ? 0 : sizeOf(shape) / columns;
      if (shape.length < 2 || Math.min(rows, columns) < FEWEST) continue;
      const size = [rows, columns] as const;
      matrices.set(name, { shape: size, direction: float32(size), result: float32(size) });
    }
    if (matrices.size === 0) return undefined;
    const graph = await engine.compile((io) => {
      for (const [name, { shape }] of matrices)
        io.output(name, orthogonal(io.input(name, shape) as tf.Tensor2D));
    });
    return new Muon(matrices, graph);
  }

  /**
   * Takes the gradient of a matrix into its momentum, in place of Adam's first moment, and changes no values; undefined for
   * what is no matrix.
   * @param scale times what gradients are taken
   */
  ruleOf(name: string, scale: number): StepRule | undefined {
    const matrix = this.matrices.get(name);
    if (!matrix) return undefined;
    const direction = matrix.direction.data;
    return (_values, m, _v, gradient, from, to) => {
      for (let i = from; i < to; i++) {
        const g = gradient[i]! * scale;
        const momentum = m[i]! * MOMENTUM + g;
        m[i] = momentum;
        direction[i] = g + MOMENTUM * momentum;
      }
    };
  }

  /**
   * The directions of all matrices; the root mean square of an entry is about 1 where no singular value was small. Valid until the
   * next call.
   */
  async directions(): Promise<ReadonlyMap<string, Float32Array>> {
    const results = Object.fromEntries([...this.matrices].map(([name, { result }]) => [name, result]));
    await this.graph.run((name) => this.matrices.get(name)!.direction, results);
    return new Map([...this.matrices].map(([name, { result }]) => [name, result.data as Float32Array]));
  }

  async dispose(): Promise<void> {
    await this.graph.dispose();
  }
}

/** A matrix, or pieces of its columns, with singular values taken to about 1 times the root of the longer side. */
function orthogonal(matrix: tf.Tensor2D): tf.Tensor2D {
  const [rows, columns] = matrix.shape;
  if (Math.min(rows, columns) <= WIDEST) return orthogonalPiece(matrix);
  const count = Math.ceil(columns / WIDEST);
  const edges = Array.from({ length: count + 1 }, (_, i) => Math.round((i * columns) / count));
  const pieces = edges
    .slice(1)
    .map((to, i) => tf.slice(matrix, [0, edges[i]!], [rows, to - edges[i]!]) as tf.Tensor2D);
  return tf.concat(pieces.map(orthogonalPiece), 1);
}

/** By Newton-Schulz iterations. */
function orthogonalPiece(matrix: tf.Tensor2D): tf.Tensor2D {
  const [rows, columns] = matrix.shape;
  const wide = rows <= columns;
  const norm = tf.add(tf.sqrt(tf.sum(tf.square(matrix))), 1e-20);
  let x = tf.div(matrix, norm) as tf.Tensor2D;
  for (let i = 0; i < ITERATIONS; i++) {
    // Products of the shorter side with itself are the small ones.
    const square = wide ? tf.matMul(x, x, false, true) : tf.matMul(x, x, true, false);
    const powers = tf.add(tf.mul(square, B), tf.mul(tf.matMul(square, square), C)) as tf.Tensor2D;
    x = tf.add(tf.mul(x, A), wide ? tf.matMul(powers, x) : tf.matMul(x, powers));
  }
  return tf.mul(x, Math.sqrt(Math.max(rows, columns)));
}
