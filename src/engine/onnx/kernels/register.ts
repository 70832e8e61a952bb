import {
  type NamedAttrMap,
  type NamedTensorInfoMap,
  registerKernel,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { recorder, TRACE_BACKEND } from '../backend.ts';
import type { Recorder } from '../recorder.ts';

type Inputs = Record<string, TensorInfo>;
// Kernel attributes are untyped in tfjs; each kernel names the ones it reads.
// biome-ignore lint/suspicious/noExplicitAny: as above
type Attributes = Record<string, any>;

/** Registers how one tfjs kernel is written in ONNX nodes. */
export function kernel(
  kernelName: string,
  write: (graph: Recorder, inputs: Inputs, attributes: Attributes) => TensorInfo | TensorInfo[],
): void {
  registerKernel({
    kernelName,
    backendName: TRACE_BACKEND,
    kernelFunc: ({ inputs, attrs }) =>
      write(recorder(), inputs as NamedTensorInfoMap as Inputs, (attrs ?? {}) as NamedAttrMap as Attributes),
  });
}

/** Inputs of a kernel that takes a list of tensors. */
export function listOf(inputs: Inputs): TensorInfo[] {
  return Object.keys(inputs)
    .sort((a, b) => Number(a) - Number(b))
    .map((key) => inputs[key]!);
}
