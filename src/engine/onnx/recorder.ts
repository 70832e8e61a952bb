import type { DataId, DataType, TensorInfo } from '@tensorflow/tfjs-core';

export type OnnxAttribute = number | string | readonly number[] | { readonly float: number };

export interface OnnxNode {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export type OnnxType = 'float32' | 'int32' | 'int64' | 'bool';

export interface Initializer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: OnnxType;
  readonly data: Float32Array | Int32Array | BigInt64Array | Uint8Array;
}

/** A size, or the name of one that is known only when the graph runs. */
export type Dimension = number | string;

export interface GraphValue {
  readonly name: string;
  readonly shape: readonly Dimension[];
  readonly type: OnnxType;
}

/** What an ONNX graph is made of. */
export interface GraphParts {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: ReadonlyMap<string, Initializer>;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
}

/** Either a tensor of the traced function or the name of a value made by a kernel itself. */
export type Operand = TensorInfo | string;

/** Takes down, in ONNX terms, what a traced function does. */
export class Recorder implements GraphParts {
  readonly nodes: OnnxNode[] = [];
  readonly initializers = new Map<string, Initializer>();
  readonly inputs: GraphValue[] = [];
  readonly outputs: GraphValue[] = [];
  /** Names of what nodes give. */
  private readonly results = new Set<string>();
  private readonly names = new WeakMap<object, string>();
  private readonly shared = new Map<string, string>();
  private readonly shareConstants: boolean;
  private count = 0;

  /** @param shareConstants whether equal small constants become one */
  constructor(shareConstants: boolean) {
    this.shareConstants = shareConstants;
  }

  private fresh(): string {
    return `v${this.count++}`;
  }

  /** Name of the value that a tensor stands for. */
  nameOf(operand: Operand): string {
    if (typeof operand === 'string') return operand; // '' stands for an optional input left out
    const name = this.names.get(operand.dataId);
    if (name === undefined)
      throw new Error('internal: a tensor from outside the traced function was used in it');
    return name;
  }

  bind(dataId: DataId, name: string): void {
    this.names.set(dataId, name);
  }

  /** Adds a node with one output; the tensor returned is what a kernel hands back to tfjs. */
  node(
    op: string,
    inputs: readonly Operand[],
    shape: readonly number[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    dtype: DataType = 'float32',
  ): TensorInfo {
    const [name] = this.raw(op, inputs, attributes, 1);
    return this.tensor(name!, shape, dtype);
  }

  /** Adds a node and gives the names of its outputs. */
  raw(
    op: string,
    inputs: readonly Operand[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    outputs = 1,
    domain = '',
  ): string[] {
    const names = Array.from({ length: outputs }, () => this.fresh());
    for (const name of names) this.results.add(name);
    this.nodes.push({ op, domain, inputs: inputs.map((i) => this.nameOf(i)), outputs: names, attributes });
    return names;
  }

  tensor(name: string, shape: readonly number[], dtype: DataType = 'float32'): TensorInfo {
    const dataId = {};
    this.bind(dataId, name);
    return { dataId, shape: [...shape], dtype };
  }

  /** The same value as another tensor. */
  alias(x: TensorInfo): TensorInfo {
    return this.tensor(this.nameOf(x), x.shape, x.dtype);
  }

  input(shape: readonly number[], type: 'float32' | 'int32'): TensorInfo {
    const name = this.fresh();
    this.inputs.push({ name, shape, type });
    return this.tensor(name, shape, type);
  }

  output(operand: Operand, shape: readonly number[], type: OnnxType): string {
    // A graph output must be a node's own result, and one output only: else it is passed through a node.
    const own = this.nameOf(operand);
    const free = this.results.has(own) && !this.outputs.some(({ name }) => name === own);
    const name = free ? own : this.raw('Identity', [operand])[0]!;
    this.outputs.push({ name, shape, type });
    return name;
  }

  constant(data: Initializer['data'], shape: readonly number[], type: OnnxType): string {
    const key = this.shareConstants && data.length <= 16 ? `${type}|${shape}|${data.join()}` : undefined;
    const known = key && this.shared.get(key);
    if (known) return known;
    const name = this.fresh();
    this.initializers.set(name, { name, shape, type, data });
    if (key) this.shared.set(key, name);
    return name;
  }

  /** A 1-D int64 constant: shapes, axes, pads. */
  ints(values: readonly number[]): string {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length], 'int64');
  }

  scalar(value: number, dtype: DataType = 'float32'): string {
    if (dtype === 'float32') return this.constant(Float32Array.of(value), [], 'float32');
    if (dtype === 'bool') return this.constant(Uint8Array.of(value), [], 'bool');
    return this.constant(Int32Array.of(value), [], 'int32');
  }
}
