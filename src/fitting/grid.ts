/** What a trained value has: itself and Adam's moments. */
type Part = 'param' | 'm' | 'v';

const PARTS: readonly Part[] = ['param', 'm', 'v'];

/**
 * A grid of trained values of which a step reads and changes a window. A window may reach over the edges: there it
 * repeats the edge, and what becomes of the repetitions is dropped.
 */
export class WindowedGrid {
  readonly rows: number;
  readonly columns: number;
  readonly windowShape: readonly [number, number];
  private readonly parts: Record<Part, Float32Array>;
  private kept: Float32Array | undefined;

  /** @param values [rows, columns], changed in place */
  constructor(
    values: Float32Array,
    [rows, columns]: readonly [number, number],
    windowShape: readonly [number, number],
  ) {
    this.rows = rows;
    this.columns = columns;
    this.windowShape = windowShape;
    this.parts = {
      param: values,
      m: new Float32Array(values.length),
      v: new Float32Array(values.length),
    };
  }

  /** The values, [rows, columns]. */
  get values(): Float32Array {
    return this.parts.param;
  }

  /** Copies the window at a row and column, which may be negative, to where `target` says. */
  read([top, left]: readonly [number, number], target: (part: Part) => Float32Array): void {
    const [height, width] = this.windowShape;
    // Columns left and right of the grid.
    const before = Math.max(0, Math.min(width, -left));
    const after = Math.max(0, Math.min(width - before, left + width - this.columns));
    for (const part of PARTS) {
      const from = this.parts[part];
      const to = target(part);
      for (let y = 0; y < height; y++) {
        const row = clamp(top + y, this.rows) * this.columns;
        const at = y * width;
        to.fill(from[row]!, at, at + before);
        to.set(from.subarray(row + left + before, row + left + width - after), at + before);
        to.fill(from[row + this.columns - 1]!, at + width - after, at + width);
      }
    }
  }

  /** Copies a window back. */
  write([top, left]: readonly [number, number], source: (part: Part) => Float32Array): void {
    const [height, width] = this.windowShape;
    const [firstRow, lastRow] = [Math.max(0, top), Math.min(this.rows, top + height)];
    const [firstColumn, lastColumn] = [Math.max(0, left), Math.min(this.columns, left + width)];
    for (const part of PARTS) {
      const from = source(part);
      for (let y = firstRow; y < lastRow; y++) {
        const at = (y - top) * width - left;
        this.parts[part].set(
          from.subarray(at + firstColumn, at + lastColumn),
          y * this.columns + firstColumn,
        );
      }
    }
  }

  /** Remembers the values. */
  keep(): void {
    this.kept ??= new Float32Array(this.values.length);
    this.kept.set(this.values);
  }

  /** Puts back the values last kept, if any. */
  restore(): void {
    if (this.kept) this.values.set(this.kept);
  }
}

function clamp(index: number, size: number): number {
  return Math.max(0, Math.min(size - 1, index));
}
