import { bitsPerIndex } from '../entropy/entropy-coder.ts';
import { covariance, principalDirections, type Vectors } from './principal.ts';

/**
 * An order of a codebook's vectors in which every node of an `IndexTree` splits those below it along their principal
 * direction: neighbours are alike. Gives the place of each vector.
 */
export function similarityRanks(vectors: Vectors): Int32Array {
  const { data, dimension } = vectors;
  const size = data.length / dimension;
  const ranks = new Int32Array(size);
  const split = (rows: number[], first: number, depth: number): void => {
    if (depth === 0 || rows.length === 1) {
      ranks[rows[0]!] = first;
      return;
    }
    const half = 1 << (depth - 1);
    if (rows.length <= half) {
      split(rows, first, depth - 1);
      return;
    }
    const sorted = alongPrincipal(vectors, rows);
    split(sorted.slice(0, half), first, depth - 1);
    split(sorted.slice(half), first + half, depth - 1);
  };
  split(
    Array.from({ length: size }, (_, s) => s),
    0,
    bitsPerIndex(size),
  );
  return ranks;
}

function alongPrincipal({ data, dimension }: Vectors, rows: number[]): number[] {
  const chosen = new Float32Array(rows.length * dimension);
  for (const [i, row] of rows.entries()) {
    chosen.set(data.subarray(row * dimension, (row + 1) * dimension), i * dimension);
  }
  const matrix = covariance({ data: chosen, dimension }, new Uint8Array(rows.length).fill(1));
  const [direction] = principalDirections(matrix, dimension, 1);
  const places = new Map(
    rows.map((row) => {
      let place = 0;
      for (let k = 0; k < dimension; k++) place += direction![k]! * data[row * dimension + k]!;
      return [row, place];
    }),
  );
  return rows.toSorted((a, b) => places.get(a)! - places.get(b)! || a - b);
}
