import { float32, type HostTensor } from '../core/tensor.ts';
import type { StepRule } from './step-rule.ts';

type Origin = readonly [row: number, column: number];

/** Rows and columns [top, bottom) and [left, right). */
interface Box {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * A grid of trained values, with the moments of their gradients, that is read and changed by windows. A window may reach over the
 * edges: there it repeats the edge, and gradients of the repetitions are dropped.
 */
export class WindowedGrid {
  readonly rows: number;
  readonly columns: number;
  readonly windowShape: readonly [number, number];
  /** [rows, columns] */
  readonly values: Float32Array;
  private readonly m: Float32Array;
  private readonly v: Float32Array;
  private readonly gradient: Float32Array;
  /** What gradients were added to since the last step. */
  private touched: Box | undefined;
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
    this.values = values;
    this.m = new Float32Array(values.length);
    this.v = new Float32Array(values.length);
    this.gradient = new Float32Array(values.length);
  }

  /** Copies the window at a row and column, which may be negative. */
  read([top, left]: Origin, to: Float32Array): void {
    const [height, width] = this.windowShape;
    // Columns left and right of the grid.
    const before = Math.max(0, Math.min(width, -left));
    const after = Math.max(0, Math.min(width - before, left + width - this.columns));
    const { values } = this;
    for (let y = 0; y < height; y++) {
      const row = clamp(top + y, this.rows) * this.columns;
      const at = y * width;
      to.fill(values[row]!, at, at + before);
      to.set(values.subarray(row + left + before, row + left + width - after), at + before);
      to.fill(values[row + this.columns - 1]!, at + width - after, at + width);
    }
  }

  /** Adds the gradient of a window to what the next step goes by. */
  addGradient([top, left]: Origin, from: Float32Array): void {
    const [height, width] = this.windowShape;
    const box = {
      top: Math.max(0, top),
      bottom: Math.min(this.rows, top + height),
      left: Math.max(0, left),
      right: Math.min(this.columns, left + width),
    };
    if (box.top >= box.bottom || box.left >= box.right) return;
    const { gradient, columns } = this;
    for (let y = box.top; y < box.bottom; y++) {
      const at = (y - top) * width - left;
      for (let x = box.left; x < box.right; x++) gradient[y * columns + x]! += from[at + x]!;
    }
    this.touched = this.touched ? around(this.touched, box) : box;
  }

  /** Sum of the gradient's squares. */
  squaredNorm(): number {
    let sum = 0;
    this.forTouched((from, to) => {
      for (let i = from; i < to; i++) sum += this.gradient[i]! ** 2;
    });
    return sum;
  }

  /** A step on what gradients were added to, or what lies between; they are zero then. */
  step(rule: StepRule): void {
    const { values, m, v, gradient } = this;
    this.forTouched((from, to) => {
      rule(values, m, v, gradient, from, to);
      gradient.fill(0, from, to);
    });
    this.touched = undefined;
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

  /** All there is to know between two steps: values, moments and what was kept, by name. Not copies. */
  tensors(): Map<string, HostTensor> {
    const { values, m, v, kept, rows, columns } = this;
    const named = Object.entries({ values, m, v, ...(kept && { kept }) });
    return new Map(named.map(([name, data]) => [name, float32([rows, columns], data)]));
  }

  /** Takes over what `tensors` of another grid of this size gave; kept values are none where it had none. */
  adopt(tensorOf: (name: string) => HostTensor | undefined): void {
    if (tensorOf('kept')) this.keep();
    for (const [name, { data }] of this.tensors()) data.set(tensorOf(name)!.data);
  }

  private forTouched(each: (from: number, to: number) => void): void {
    if (!this.touched) return;
    const { top, bottom, left, right } = this.touched;
    for (let y = top; y < bottom; y++) each(y * this.columns + left, y * this.columns + right);
  }
}

function clamp(index: number, size: number): number {
  return Math.max(0, Math.min(size - 1, index));
}

function around(a: Box, b: Box): Box {
  return {
    top: Math.min(a.top, b.top),
    bottom: Math.max(a.bottom, b.bottom),
    left: Math.min(a.left, b.left),
    right: Math.max(a.right, b.right),
  };
}
