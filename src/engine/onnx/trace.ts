import type { Tensor } from '@tensorflow/tfjs-core';
import type { DType, GraphFn, TensorSpec } from '../engine.ts';
import { record } from './backend.ts';
import './kernels/index.ts';
import type { GraphParts } from './recorder.ts';

export interface Port extends TensorSpec {
  /** What the outside calls it. */
  readonly label: string;
  /** What the graph calls it. */
  readonly name: string;
}

/** A graph function taken down. */
export interface Trace {
  readonly graph: GraphParts;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

/**
 * Takes a graph function down.
 * @param shareConstants whether equal small constants become one
 */
export function trace(fn: GraphFn, { shareConstants = true } = {}): Trace {
  const inputs = new Map<string, { port: Port; tensor: Tensor }>();
  const outputs: Port[] = [];
  const graph = record((recorder, makeTensor) => {
    fn({
      input: (label, shape, dtype: DType = 'float32') => {
        const known = inputs.get(label);
        if (known) return known.tensor;
        const info = recorder.input(shape, dtype);
        const tensor = makeTensor(info);
        inputs.set(label, { port: { label, name: recorder.nameOf(info), shape, dtype }, tensor });
        return tensor;
      },
      output: (label, tensor) => {
        const dtype = tensor.dtype as DType;
        const name = recorder.output(tensor, tensor.shape, dtype);
        outputs.push({ label, name, shape: tensor.shape, dtype });
      },
    });
  }, shareConstants);
  return { graph, inputs: [...inputs.values()].map(({ port }) => port), outputs };
}
