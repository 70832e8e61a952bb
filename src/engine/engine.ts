import type { Tensor } from '@tensorflow/tfjs-core';
import type { HostTensor } from '../core/tensor.ts';
import type { DeviceName } from './devices.ts';

export type DType = 'float32' | 'int32';

export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** What a graph function sees of the outside: it declares its inputs and outputs by name as it runs. */
export interface GraphIo {
  /** The input of that name. Asking twice gives the same tensor. */
  input(name: string, shape: readonly number[], dtype?: DType): Tensor;
  /** Names a result. */
  output(name: string, tensor: Tensor): void;
}

/** Model code: TensorFlow.js ops between `io.input` and `io.output`, no other effects, no reading of values. */
export type GraphFn = (io: GraphIo) => void;

/** Gives the value of an input at run time; `undefined` means zeros. */
export type Feed = (name: string, spec: TensorSpec) => HostTensor | undefined;

export interface CompiledGraph {
  /**
   * Runs the graph once.
   * @param into outputs to write in place instead of allocating (same shape and dtype), by name
   */
  run(feed: Feed, into?: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>>;
  dispose(): Promise<void>;
}

/** Runs graph functions. All engines give the same numbers up to float rounding. */
export interface Engine {
  readonly name: string;
  compile(fn: GraphFn): Promise<CompiledGraph>;
  /**
   * Copies of one graph whose runs go side by side, each with its share of the threads: as many as asked for, or fewer where there
   * are not so many threads.
   */
  compileCopies(fn: GraphFn, count: number): Promise<readonly CompiledGraph[]>;
}

export interface EngineOptions {
  /** Threads of the onnx engine on the cpu; all cores when absent. Other engines choose themselves. */
  readonly threads?: number;
  /** Where to compute, one of the engine's devices; its first when absent. */
  readonly device?: DeviceName;
}

/** A feed from a plain record. */
export function feedOf(values: Readonly<Record<string, HostTensor>>): Feed {
  return (name) => values[name];
}

/**
 * Compiles a function of tensors in the given order. `specs` are the shapes of its arguments, and
 * `run` takes and gives host tensors in the same order as `fn` does.
 */
export async function compile(
  engine: Engine,
  fn: (...inputs: Tensor[]) => Tensor | Tensor[],
  specs: readonly (readonly number[] | TensorSpec)[],
): Promise<{ run(...inputs: HostTensor[]): Promise<HostTensor[]>; dispose(): Promise<void> }> {
  const inputs = specs.map((s) => ('shape' in s ? s : { shape: s, dtype: 'float32' as const }));
  const graph = await engine.compile((io) => {
    const results = fn(...inputs.map((spec, i) => io.input(`in${i}`, spec.shape, spec.dtype)));
    for (const [i, tensor] of [results].flat().entries()) io.output(`out${i}`, tensor);
  });
  return {
    async run(...values) {
      const results = await graph.run((name) => values[Number(name.slice(2))]);
      return Object.keys(results)
        .sort((a, b) => Number(a.slice(3)) - Number(b.slice(3)))
        .map((name) => results[name]!);
    },
    dispose: () => graph.dispose(),
  };
}
