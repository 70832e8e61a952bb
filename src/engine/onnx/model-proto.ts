import protobuf from 'protobufjs/minimal.js';
import type { Dimension, GraphParts, Initializer, OnnxAttribute, OnnxNode, OnnxType } from './recorder.ts';

// Field and enum numbers: onnx.proto (ONNX IR version 9).
const ELEMENT_TYPE: Record<OnnxType, number> = { float32: 1, int32: 6, int64: 7, bool: 9 };
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 };
const IR_VERSION = 9;
const OPSET = 17;
const LENGTH_DELIMITED = 2;
const VARINT = 0;
const FIXED32 = 5;

type Fill = (w: protobuf.Writer) => void;

function tag(w: protobuf.Writer, field: number, wire: number): protobuf.Writer {
  return w.uint32(((field << 3) | wire) >>> 0);
}

function message(w: protobuf.Writer, field: number, fill: Fill): void {
  tag(w, field, LENGTH_DELIMITED).fork();
  fill(w);
  w.ldelim();
}

function text(w: protobuf.Writer, field: number, value: string): void {
  tag(w, field, LENGTH_DELIMITED).string(value);
}

function int(w: protobuf.Writer, field: number, value: number): void {
  tag(w, field, VARINT).int64(value);
}

/** ONNX ModelProto bytes of a recorded graph. Nodes whose results reach no output are left out. */
export function encodeModel(graph: GraphParts): Uint8Array {
  const { nodes, initializers } = reachable(graph);
  const w = protobuf.Writer.create();
  int(w, 1, IR_VERSION);
  text(w, 2, 'neural-codec');
  message(w, 7, (g) => {
    for (const node of nodes) message(g, 1, (n) => writeNode(n, node));
    text(g, 2, 'graph');
    for (const tensor of initializers) message(g, 5, (t) => writeTensor(t, tensor));
    for (const value of graph.inputs)
      message(g, 11, (v) => writeValue(v, value.name, value.type, value.shape));
    for (const value of graph.outputs)
      message(g, 12, (v) => writeValue(v, value.name, value.type, value.shape));
  });
  message(w, 8, (o) => int(o, 2, OPSET));
  return w.finish();
}

/** The same graph with other names for some values. */
export function renamed(graph: GraphParts, names: ReadonlyMap<string, string>): GraphParts {
  const to = (name: string) => names.get(name) ?? name;
  return {
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(to),
      outputs: node.outputs.map(to),
    })),
    initializers: graph.initializers,
    inputs: graph.inputs.map((value) => ({ ...value, name: to(value.name) })),
    outputs: graph.outputs.map((value) => ({ ...value, name: to(value.name) })),
  };
}

function reachable(graph: GraphParts): { nodes: OnnxNode[]; initializers: Initializer[] } {
  const needed = new Set(graph.outputs.map((o) => o.name));
  const nodes: OnnxNode[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.outputs.some((name) => needed.has(name))) continue;
    for (const name of node.inputs) needed.add(name);
    nodes.push(node);
  }
  return {
    nodes: nodes.reverse(),
    initializers: [...graph.initializers.values()].filter((t) => needed.has(t.name)),
  };
}

function writeNode(w: protobuf.Writer, node: OnnxNode): void {
  for (const name of node.inputs) text(w, 1, name);
  for (const name of node.outputs) text(w, 2, name);
  text(w, 4, node.op);
  if (node.domain) text(w, 7, node.domain);
  for (const [name, value] of Object.entries(node.attributes))
    message(w, 5, (a) => writeAttribute(a, name, value));
}

function writeAttribute(w: protobuf.Writer, name: string, value: OnnxAttribute): void {
  text(w, 1, name);
  if (typeof value === 'number') {
    int(w, 3, value);
    int(w, 20, ATTRIBUTE_TYPE.int);
  } else if (typeof value === 'string') {
    text(w, 4, value);
    int(w, 20, ATTRIBUTE_TYPE.string);
  } else if ('float' in value) {
    tag(w, 2, FIXED32).float(value.float);
    int(w, 20, ATTRIBUTE_TYPE.float);
  } else {
    for (const item of value) int(w, 8, item);
    int(w, 20, ATTRIBUTE_TYPE.ints);
  }
}

function writeTensor(w: protobuf.Writer, tensor: Initializer): void {
  for (const dim of tensor.shape) int(w, 1, dim);
  int(w, 2, ELEMENT_TYPE[tensor.type]);
  text(w, 8, tensor.name);
  const { buffer, byteOffset, byteLength } = tensor.data;
  tag(w, 9, LENGTH_DELIMITED).bytes(new Uint8Array(buffer, byteOffset, byteLength));
}

function writeValue(w: protobuf.Writer, name: string, type: OnnxType, shape: readonly Dimension[]): void {
  text(w, 1, name);
  message(w, 2, (t) =>
    message(t, 1, (tensor) => {
      int(tensor, 1, ELEMENT_TYPE[type]);
      message(tensor, 2, (s) => {
        for (const dim of shape)
          message(s, 1, (d) => (typeof dim === 'number' ? int(d, 1, dim) : text(d, 2, dim)));
      });
    }),
  );
}
