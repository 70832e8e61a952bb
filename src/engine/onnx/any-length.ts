import { CodecError } from '../../core/errors.ts';
import type { Dimension, GraphParts, GraphValue, Initializer, OnnxNode, OnnxType } from './recorder.ts';
import type { Trace } from './trace.ts';

export interface LengthOptions {
  /** The traces' lengths, in the same order: three that differ. */
  readonly lengths: readonly number[];
  /** Label of the input that tells the length by the size of its second axis, of three or two. */
  readonly input: string;
  /** Entries of that axis per unit of length; an input that does not fill its last unit is filled with zeros. */
  readonly unit: number;
  /** What the axis is called, and the unit. */
  readonly names: { readonly entries: string; readonly length: string };
  /** Label of an int32 [1] input that stands for the entries given, and is no input of the result. */
  readonly given?: string;
}

const PREFIX = 'length_';

/**
 * One graph for signals of every length, out of traces of one function at three lengths. Whatever number differs between
 * them (a shape, an end of a slice) must be a multiple of the length plus a constant; the graph works it out as it runs.
 * The traces must not share constants.
 * @throws `bad-argument` when something else differs
 */
export function anyLength(traces: readonly Trace[], options: LengthOptions): GraphParts {
  const [first, ...others] = traces.map(({ graph }) => graph) as [GraphParts, ...GraphParts[]];
  const { lengths, input, unit, names, given } = options;
  const port = traces[0]!.inputs.find(({ label }) => label === input)!;
  const bound = traces[0]!.inputs.find(({ label }) => label === given);
  for (const other of others) assertSameNodes(first, other);

  const lineThrough = (numbers: readonly number[]) => {
    const affine = fitLine(lengths, numbers);
    if (affine) return affine;
    throw notPossible(`the numbers ${numbers.join(', ')} at lengths ${lengths.join(', ')}`);
  };
  const shapeOf = (values: readonly GraphValue[]): Dimension[] =>
    values[0]!.shape.map((_, axis) =>
      nameOf(lineThrough(values.map((v) => v.shape[axis] as number)), names.length),
    );

  const initializers = new Map<string, Initializer>();
  const nodes: OnnxNode[] = [];
  const add = (op: string, inputs: string[], output: string, attributes: OnnxNode['attributes'] = {}) =>
    nodes.push({ op, domain: '', inputs, outputs: [output], attributes });
  const constant = (suffix: string, values: readonly number[], type: OnnxType, shape = [values.length]) => {
    const name = PREFIX + suffix;
    const data = type === 'int64' ? BigInt64Array.from(values, BigInt) : Int32Array.from(values);
    initializers.set(name, { name, shape, type, data });
    return name;
  };

  // How long the input is, in entries and in units.
  const raw = unit === 1 ? port.name : `${PREFIX}input`;
  add('Shape', [raw], `${PREFIX}entries`, { start: 1, end: 2 });
  add('Add', [`${PREFIX}entries`, constant('unit_less_1', [unit - 1], 'int64')], `${PREFIX}raised`);
  add('Div', [`${PREFIX}raised`, constant('unit', [unit], 'int64')], `${PREFIX}vector`);
  add('Squeeze', [`${PREFIX}vector`], `${PREFIX}int64`);
  add('Cast', [`${PREFIX}int64`], `${PREFIX}int32`, { to: 6 });
  if (unit !== 1) {
    add('Mul', [`${PREFIX}vector`, `${PREFIX}unit`], `${PREFIX}filled`);
    add('Sub', [`${PREFIX}filled`, `${PREFIX}entries`], `${PREFIX}missing`);
    const before = constant('no_pads', [0, 0, 0, 0], 'int64');
    const after = constant('no_pad', [0], 'int64');
    add('Concat', [before, `${PREFIX}missing`, after], `${PREFIX}pads`, { axis: 0 });
    add('Pad', [raw, `${PREFIX}pads`], port.name, { mode: 'constant' });
  }
  if (bound) add('Cast', [`${PREFIX}entries`], bound.name, { to: 6 });

  for (const initializer of first.initializers.values()) {
    const versions = [initializer, ...others.map((other) => other.initializers.get(initializer.name)!)];
    if (versions.every((version) => sameTensor(version, initializer))) {
      initializers.set(initializer.name, initializer);
      continue;
    }
    const { name, type, shape } = initializer;
    const sizes = versions.map(({ data }) => data.length);
    if ((type !== 'int64' && type !== 'int32') || new Set(sizes).size > 1) {
      throw notPossible(`constants ${type} of ${sizes.join(', ')} values`);
    }
    const lines = Array.from({ length: sizes[0]! }, (_, i) =>
      lineThrough(versions.map(({ data }) => Number(data[i]))),
    );
    const slopes = constant(
      `${name}_slope`,
      lines.map((line) => line.slope),
      type,
      [...shape],
    );
    const offsets = constant(
      `${name}_offset`,
      lines.map((line) => line.offset),
      type,
      [...shape],
    );
    add('Mul', [PREFIX + type, slopes], `${PREFIX}${name}_scaled`);
    add('Add', [`${PREFIX}${name}_scaled`, offsets], name);
  }

  const inputs = first.inputs
    .map((value, i) => ({ ...value, shape: shapeOf([value, ...others.map((other) => other.inputs[i]!)]) }))
    .filter(({ name }) => name !== bound?.name)
    .map((value) =>
      value.name === port.name
        ? { ...value, name: raw, shape: value.shape.map((d, axis) => (axis === 1 ? names.entries : d)) }
        : value,
    );
  const outputs = first.outputs.map((value, i) => ({
    ...value,
    shape: shapeOf([value, ...others.map((other) => other.outputs[i]!)]),
  }));
  return { nodes: [...nodes, ...first.nodes], initializers, inputs, outputs };
}

interface Line {
  readonly slope: number;
  readonly offset: number;
}

/** The line of whole numbers through three points, if there is one. */
function fitLine(x: readonly number[], y: readonly number[]): Line | undefined {
  const slope = (y[1]! - y[0]!) / (x[1]! - x[0]!);
  const offset = y[0]! - slope * x[0]!;
  const fits = Number.isInteger(slope) && x.every((at, i) => slope * at + offset === y[i]);
  return fits ? { slope, offset } : undefined;
}

function nameOf({ slope, offset }: Line, length: string): Dimension {
  if (slope === 0) return offset;
  const scaled = slope === 1 ? length : `${slope}*${length}`;
  return offset === 0 ? scaled : `${scaled}${offset > 0 ? '+' : ''}${offset}`;
}

function assertSameNodes(a: GraphParts, b: GraphParts): void {
  const outline = ({ nodes, initializers }: GraphParts) => [
    ...nodes.map(({ op, inputs, outputs, attributes }) => JSON.stringify([op, inputs, outputs, attributes])),
    ...[...initializers.values()].map(({ name, type }) => `${name} ${type}`),
  ];
  const other = outline(b);
  const at = outline(a).findIndex((line, i) => line !== other[i]);
  if (at >= 0 || other.length !== outline(a).length) {
    throw notPossible(`different operations: ${outline(a)[at] ?? 'none'} and ${other[at] ?? 'others'}`);
  }
}

function sameTensor(a: Initializer, b: Initializer): boolean {
  if (a.shape.join() !== b.shape.join()) return false;
  return a.data === b.data || a.data.every((value, i) => value === b.data[i]);
}

function notPossible(found: string): CodecError {
  return new CodecError('bad-argument', {
    what: 'this model cannot be one graph for signals of every length',
    found,
    remedy: 'Export it for chunks of a fixed number of frames: --frames N.',
  });
}
