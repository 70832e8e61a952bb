import type { SampleLayout } from './layout.ts';

/** Samples of one kind for fitting: what is near each, and what it is. */
export interface Rows {
  readonly count: number;
  /** [count, taps], in steps of the samples */
  readonly taps: Float32Array;
  /** [count, activities + 1]; the last is one */
  readonly activities: Float32Array;
  /** [count]: by how much each is other than its first guess */
  readonly targets: Float32Array;
}

/** Samples of a kind to fit to, at most. */
const MAX_ROWS = 1 << 17;

/** Evenly spaced samples of each kind. */
export function rowsOf(samples: ArrayLike<number>, layout: SampleLayout): Rows[] {
  const perKind = layout.samples / layout.kinds;
  const every = Math.ceil(perKind / MAX_ROWS);
  const count = Math.ceil(perKind / every);
  const width = layout.taps.length;
  const inputs = layout.activities.length + 1;
  const rows = Array.from({ length: layout.kinds }, () => ({
    count,
    taps: new Float32Array(count * width),
    activities: new Float32Array(count * inputs).fill(1),
    targets: new Float32Array(count),
  }));
  const seen = new Array<number>(layout.kinds).fill(0);
  layout.scan((kind, index) => {
    const value = samples[index]!;
    const n = seen[kind]!++;
    if (n % every === 0) {
      const row = n / every;
      const { taps, activities, targets } = rows[kind]!;
      taps.set(layout.taps, row * width);
      for (let i = 0; i < inputs - 1; i++) activities[row * inputs + i] = layout.activities[i]! / 256;
      targets[row] = value - layout.base;
    }
    return { value, error: 0 };
  });
  return rows;
}

/** The weights of the taps with the least squared error, by their normal equations; a little ridge keeps them small. */
export function leastSquares({ count, taps, targets }: Rows, width: number): Float32Array<ArrayBuffer> {
  const matrix = Array.from({ length: width }, () => new Float64Array(width + 1));
  for (let r = 0; r < count; r++) {
    const at = r * width;
    for (let i = 0; i < width; i++) {
      const x = taps[at + i]!;
      if (x === 0) continue;
      const row = matrix[i]!;
      for (let j = i; j < width; j++) row[j]! += x * taps[at + j]!;
      row[width]! += x * targets[r]!;
    }
  }
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < i; j++) matrix[i]![j] = matrix[j]![i]!;
    matrix[i]![i]! += 1e-4 * matrix[i]![i]! + 1;
  }
  // Positive definite: elimination needs no pivots.
  for (let i = 0; i < width; i++) {
    for (let k = i + 1; k < width; k++) {
      const factor = matrix[k]![i]! / matrix[i]![i]!;
      for (let j = i; j <= width; j++) matrix[k]![j]! -= factor * matrix[i]![j]!;
    }
  }
  const solution = new Float32Array(width);
  for (let i = width - 1; i >= 0; i--) {
    let rest = matrix[i]![width]!;
    for (let j = i + 1; j < width; j++) rest -= matrix[i]![j]! * solution[j]!;
    solution[i] = rest / matrix[i]![i]!;
  }
  return solution;
}
