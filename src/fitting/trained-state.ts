import { CodecError } from '../core/errors.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import { WindowedGrid } from './grid.ts';
import type { StepRule } from './step-rule.ts';

type Named = Record<string, HostTensor>;

/** Row and column of each grid's window. */
export type Places = Readonly<Record<string, readonly [number, number]>>;

/** What a part of a run reads, and where it writes its gradients. */
interface Part {
  readonly windows: Named;
  readonly gradients: Named;
}

/** Trained values: parameters, which are read whole, and grids, by windows. Parts of a run may be computed side by side. */
export class TrainedState {
  /** Parameters are grids with one window. */
  private readonly grids: ReadonlyMap<string, WindowedGrid>;
  private readonly shapes = new Map<string, readonly number[]>();
  private readonly parameterNames: readonly string[];
  private readonly parts: readonly Part[];

  constructor(
    parameters: ReadonlyMap<string, HostTensor>,
    grids: ReadonlyMap<string, WindowedGrid>,
    parts: number,
  ) {
    this.parameterNames = [...parameters.keys()];
    for (const [name, { shape }] of parameters) this.shapes.set(name, shape);
    for (const [name, { windowShape }] of grids) this.shapes.set(name, windowShape);
    const whole = [...parameters].map(([name, { data }]) => {
      const size = [1, data.length] as const;
      return [name, new WindowedGrid(Float32Array.from(data), size, size)] as const;
    });
    this.grids = new Map([...whole, ...grids]);
    this.parts = Array.from({ length: parts }, () => ({
      windows: this.named('param'),
      gradients: this.named('gradient'),
    }));
  }

  /** What a part reads of trained values: `param:NAME`, as it is now. */
  read(part: number, at: Places): Readonly<Named> {
    const { windows } = this.parts[part]!;
    for (const [name, grid] of this.grids) grid.read(placeOf(at, name), valuesIn(windows, `param:${name}`));
    return windows;
  }

  /** Where a part writes `gradient:NAME`. */
  gradients(part: number): Readonly<Named> {
    return this.parts[part]!.gradients;
  }

  /**
   * A step along the sum of the parts' gradients.
   * @param places of the parts
   * @param ruleOf for values of a name, given the norm of all gradients; none where they are not to change
   */
  step(places: readonly Places[], ruleOf: (name: string, norm: number) => StepRule | undefined): void {
    let squares = 0;
    for (const [name, grid] of this.grids) {
      for (const [part, at] of places.entries()) {
        grid.addGradient(placeOf(at, name), valuesIn(this.parts[part]!.gradients, `gradient:${name}`));
      }
      squares += grid.squaredNorm();
    }
    const norm = Math.sqrt(squares);
    for (const [name, grid] of this.grids) grid.step(ruleOf(name, norm) ?? (() => {}));
  }

  /** Adds a change times a factor to a parameter, of which a share is kept then. */
  move(name: string, change: Float32Array, { factor, keep }: { factor: number; keep: number }): void {
    const { values } = this.grids.get(name)!;
    for (let i = 0; i < values.length; i++) {
      values[i]! += factor * change[i]!;
      values[i]! *= keep;
    }
  }

  /** Remembers all values. */
  keep(): void {
    for (const grid of this.grids.values()) grid.keep();
  }

  /** Puts back the values last kept, if any. */
  restore(): void {
    for (const grid of this.grids.values()) grid.restore();
  }

  /** Values, moments and what was kept, as `PART:NAME`. Not copies. */
  tensors(): Map<string, HostTensor> {
    return new Map(
      [...this.grids].flatMap(([name, grid]) =>
        [...grid.tensors()].map(([part, tensor]) => [`${part}:${name}`, tensor] as const),
      ),
    );
  }

  /** Takes over what `tensors` of the same fit gave. Throws `bad-weights` for those of another. */
  adopt(tensors: ReadonlyMap<string, HostTensor>): void {
    for (const [name, { data }] of this.tensors()) {
      if (tensors.get(name)?.data.length === data.length) continue;
      throw new CodecError('bad-weights', {
        what: 'cannot go on with this fit',
        found: `${tensors.get(name)?.data.length ?? 'no'} values of ${name}`,
        expected: String(data.length),
        remedy: 'Begin again.',
      });
    }
    for (const [name, grid] of this.grids) grid.adopt((part) => tensors.get(`${part}:${name}`));
  }

  /** Copies of the parameters. */
  parameters(): Map<string, HostTensor> {
    return new Map(
      this.parameterNames.map((name) => [
        name,
        float32(this.shapes.get(name)!, Float32Array.from(this.grids.get(name)!.values)),
      ]),
    );
  }

  /** Shapes of what a graph sees under each name. */
  get windowShapes(): ReadonlyMap<string, readonly number[]> {
    return this.shapes;
  }

  private named(prefix: string): Named {
    return Object.fromEntries([...this.shapes].map(([name, shape]) => [`${prefix}:${name}`, float32(shape)]));
  }
}

function placeOf(at: Places, name: string): readonly [number, number] {
  return at[name] ?? [0, 0];
}

function valuesIn(values: Named, name: string): Float32Array {
  return values[name]!.data as Float32Array;
}
