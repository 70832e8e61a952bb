/** Rows of vectors, one after another. */
export interface Vectors {
  readonly data: Float32Array;
  readonly dimension: number;
}

const ITERATIONS = 30;

/** Covariance [dimension, dimension] of weighted rows, around their mean. */
export function covariance({ data, dimension }: Vectors, weights: ArrayLike<number>): Float64Array {
  const mean = new Float64Array(dimension);
  let total = 0;
  for (let r = 0; r < weights.length; r++) {
    total += weights[r]!;
    for (let k = 0; k < dimension; k++) mean[k]! += weights[r]! * data[r * dimension + k]!;
  }
  for (let k = 0; k < dimension; k++) mean[k]! /= total || 1;
  const sums = new Float64Array(dimension * dimension);
  const centred = new Float64Array(dimension);
  for (let r = 0; r < weights.length; r++) {
    const weight = weights[r]! / (total || 1);
    if (weight === 0) continue;
    for (let k = 0; k < dimension; k++) centred[k] = data[r * dimension + k]! - mean[k]!;
    for (let i = 0; i < dimension; i++) {
      const scaled = weight * centred[i]!;
      for (let k = 0; k < dimension; k++) sums[i * dimension + k]! += scaled * centred[k]!;
    }
  }
  return sums;
}

/** The first `count` principal directions of a covariance, by power iteration with deflation; most variance first. */
export function principalDirections(matrix: Float64Array, dimension: number, count: number): Float64Array[] {
  const left = Float64Array.from(matrix);
  const directions: Float64Array[] = [];
  for (let c = 0; c < count; c++) {
    let direction = unit(Float64Array.from({ length: dimension }, (_, k) => Math.sin(1 + k * (c + 2))));
    let product = direction;
    for (let i = 0; i < ITERATIONS; i++) {
      product = times(left, direction);
      direction = unit(product);
    }
    const variance = Math.sqrt(product.reduce((sum, v) => sum + v * v, 0));
    for (let i = 0; i < dimension; i++) {
      for (let k = 0; k < dimension; k++)
        left[i * dimension + k]! -= variance * direction[i]! * direction[k]!;
    }
    directions.push(direction);
  }
  return directions;
}

function times(matrix: Float64Array, x: Float64Array): Float64Array {
  const size = x.length;
  return Float64Array.from({ length: size }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += matrix[i * size + k]! * x[k]!;
    return sum;
  });
}

function unit(x: Float64Array): Float64Array {
  const norm = Math.sqrt(x.reduce((sum, v) => sum + v * v, 0)) || 1;
  return x.map((v) => v / norm);
}
