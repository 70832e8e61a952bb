import type { Rng } from '../core/rng.ts';

export interface CodebookOptions {
  readonly decay: number;
  /** A vector used less than this share of the mean use is replaced. */
  readonly deadShare: number;
}

/** Added to a count before it divides. */
export const SMOOTHING = 1e-5;

/** Index of the nearest vector to each point: points [rows, dimension], vectors [size, dimension]. */
export type Nearest = (
  points: Float32Array<ArrayBuffer>,
  vectors: Float32Array<ArrayBuffer>,
) => Promise<Int32Array>;

/**
 * Codebooks learned as running averages of what is assigned to them (van den Oord et al. 2017, appendix A.1), with dead
 * vectors replaced by random members of the batch (EnCodec section 3.2). Lives on the host: it is a few million additions.
 */
export class CodebookAverages {
  readonly vectors: Float32Array<ArrayBuffer>[];
  /** Running count of rows assigned to each vector, and running sum of those rows. */
  readonly counts: Float32Array<ArrayBuffer>[];
  readonly sums: Float32Array<ArrayBuffer>[];
  private readonly size: number;
  private readonly dimension: number;

  constructor(codebooks: number, size: number, dimension: number) {
    this.size = size;
    this.dimension = dimension;
    const make = (length: number) => Array.from({ length: codebooks }, () => new Float32Array(length));
    this.vectors = make(size * dimension);
    this.counts = make(size);
    this.sums = make(size * dimension);
  }

  /** Whether nothing has been learned or taken over yet. */
  get empty(): boolean {
    return this.counts.every((counts) => counts.every((count) => count === 0));
  }

  /** Takes codebook `q` over from a trained model, every vector as if used as often as the others: `rows` in all. */
  adopt(q: number, vectors: Float32Array, rows: number): void {
    this.vectors[q]!.set(vectors);
    this.counts[q]!.fill(rows / this.size);
    for (let i = 0; i < vectors.length; i++) this.sums[q]![i] = (vectors[i]! * rows) / this.size;
  }

  /**
   * Takes a batch into the averages.
   * @param latents [rows, dimension] @param codes [codebooks, rows] as the graph chose them
   * @returns how many vectors were replaced
   */
  update(latents: Float32Array, codes: Int32Array, { decay, deadShare }: CodebookOptions, rng: Rng): number {
    const { size, dimension } = this;
    const rows = latents.length / dimension;
    const residual = latents.slice();
    let replaced = 0;
    for (const [q, vectors] of this.vectors.entries()) {
      const counts = this.counts[q]!;
      const sums = this.sums[q]!;
      const chosen = codes.subarray(q * rows, (q + 1) * rows);
      for (let i = 0; i < counts.length; i++) counts[i]! *= decay;
      for (let i = 0; i < sums.length; i++) sums[i]! *= decay;
      for (let r = 0; r < rows; r++) {
        const k = chosen[r]!;
        counts[k]! += 1 - decay;
        for (let d = 0; d < dimension; d++)
          sums[k * dimension + d]! += (1 - decay) * residual[r * dimension + d]!;
      }
      const threshold = (deadShare * rows) / size;
      const given = residual.slice();
      // The residual of the next codebook is what this one's choice, as the graph saw it, left over.
      for (let r = 0; r < rows; r++) {
        for (let d = 0; d < dimension; d++)
          residual[r * dimension + d]! -= vectors[chosen[r]! * dimension + d]!;
      }
      for (let k = 0; k < size; k++) {
        if (counts[k]! < threshold) {
          this.place(q, k, given, rng.int(rows), rows / size);
          replaced++;
          continue;
        }
        const scale = 1 / (counts[k]! + SMOOTHING);
        for (let d = 0; d < dimension; d++) vectors[k * dimension + d] = sums[k * dimension + d]! * scale;
      }
    }
    return replaced;
  }

  /**
   * Fills all codebooks, one on the residual of the other, by a few rounds of k-means on latents [rows, dimension].
   * @param nearest gives each row's nearest vector
   */
  async initialise(
    latents: Float32Array<ArrayBuffer>,
    rounds: number,
    nearest: Nearest,
    rng: Rng,
  ): Promise<void> {
    const { size, dimension } = this;
    const rows = latents.length / dimension;
    const residual = latents.slice();
    for (const [q, vectors] of this.vectors.entries()) {
      for (let k = 0; k < size; k++) this.place(q, k, residual, rng.int(rows), rows / size);
      let chosen: Int32Array = new Int32Array(rows);
      for (let round = 0; round <= rounds; round++) {
        chosen = await nearest(residual, vectors);
        if (round === rounds) break;
        const counts = new Float32Array(size);
        const sums = new Float32Array(size * dimension);
        for (let r = 0; r < rows; r++) {
          counts[chosen[r]!]! += 1;
          for (let d = 0; d < dimension; d++)
            sums[chosen[r]! * dimension + d]! += residual[r * dimension + d]!;
        }
        for (let k = 0; k < size; k++) {
          if (counts[k] === 0) this.place(q, k, residual, rng.int(rows), rows / size);
          else
            for (let d = 0; d < dimension; d++)
              vectors[k * dimension + d] = sums[k * dimension + d]! / counts[k]!;
        }
      }
      for (let k = 0; k < size; k++) this.remember(q, k, rows / size);
      for (let r = 0; r < rows; r++) {
        for (let d = 0; d < dimension; d++)
          residual[r * dimension + d]! -= vectors[chosen[r]! * dimension + d]!;
      }
    }
  }

  private place(q: number, k: number, source: Float32Array, row: number, count: number): void {
    const { dimension } = this;
    this.vectors[q]!.set(source.subarray(row * dimension, (row + 1) * dimension), k * dimension);
    this.remember(q, k, count);
  }

  private remember(q: number, k: number, count: number): void {
    const { dimension } = this;
    this.counts[q]![k] = count;
    for (let i = k * dimension; i < (k + 1) * dimension; i++) this.sums[q]![i] = this.vectors[q]![i]! * count;
  }
}
