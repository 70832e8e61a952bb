import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Recorder } from '../recorder.ts';

// tfjs keeps images as NHWC and filters as HWIO, the runtime works on NCHW and OIHW. It cancels neighbouring transposes.
export const TO_NCHW = [0, 3, 1, 2];
export const TO_NHWC = [0, 2, 3, 1];

export function transpose(g: Recorder, x: TensorInfo, perm: number[]): TensorInfo {
  const shape = perm.map((axis) => x.shape[axis]!);
  return g.node('Transpose', [x], shape, { perm }, x.dtype);
}

export function reshape(g: Recorder, x: TensorInfo, shape: readonly number[]): TensorInfo {
  return g.node('Reshape', [x, g.ints(shape)], shape, {}, x.dtype);
}
