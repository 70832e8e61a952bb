import * as tf from '@tensorflow/tfjs-core';
import { CodecError } from '../../core/errors.ts';
import { missingKernel } from '../missing-kernel.ts';
import { type OnnxType, Recorder } from './recorder.ts';

export const TRACE_BACKEND = 'onnx-trace';

/** A tfjs backend that computes nothing: its kernels write ONNX nodes to the recorder of the trace under way. */
class TraceBackend extends tf.KernelBackend {
  recorder: Recorder | undefined;

  get current(): Recorder {
    if (!this.recorder) throw new Error('internal: a traced op was called outside a trace');
    return this.recorder;
  }

  override write(values: tf.BackendValues | null, shape: number[], dtype: tf.DataType): tf.DataId {
    const dataId = {};
    this.bindValues(dataId, values, shape, dtype);
    return dataId;
  }

  override move(
    dataId: tf.DataId,
    values: tf.BackendValues | null,
    shape: number[],
    dtype: tf.DataType,
  ): void {
    this.bindValues(dataId, values, shape, dtype);
  }

  private bindValues(
    id: tf.DataId,
    values: tf.BackendValues | null,
    shape: number[],
    dtype: tf.DataType,
  ): void {
    if (!values) throw new Error('internal: a traced tensor was made without values');
    const { data, type } = asConstant(values, dtype);
    this.current.bind(id, this.current.constant(data, shape, type));
  }

  private noValues(): never {
    throw new CodecError('bad-argument', {
      what: 'a traced function read the value of a tensor (dataSync, data, array or print)',
      remedy: 'Values exist only when the compiled graph runs: return the tensor as an output instead.',
    });
  }

  override readSync(): tf.BackendValues {
    return this.noValues();
  }
  override read(): Promise<tf.BackendValues> {
    return this.noValues();
  }
  override memory() {
    return { unreliable: true };
  }
  override disposeData(): boolean {
    return true;
  }
  override incRef(): void {}
  override refCount(): number {
    return 1;
  }
  override numDataIds(): number {
    return 0;
  }
  override floatPrecision(): 16 | 32 {
    return 32;
  }
  override epsilon(): number {
    return 1e-7;
  }
}

function asConstant(
  values: tf.BackendValues,
  dtype: tf.DataType,
): { data: Float32Array | Int32Array | Uint8Array; type: OnnxType } {
  // Typed arrays of the right kind are kept, not copied: weights are large.
  if (dtype === 'float32') {
    return {
      data: values instanceof Float32Array ? values : Float32Array.from(values as ArrayLike<number>),
      type: 'float32',
    };
  }
  if (dtype === 'int32') {
    return {
      data: values instanceof Int32Array ? values : Int32Array.from(values as ArrayLike<number>),
      type: 'int32',
    };
  }
  if (dtype === 'bool') return { data: Uint8Array.from(values as Uint8Array), type: 'bool' };
  throw new CodecError('bad-argument', { what: 'a traced constant has an unsupported type', found: dtype });
}

let backend: TraceBackend | undefined;

/** The recorder of the trace under way, for kernels. */
export function recorder(): Recorder {
  return backend!.current;
}

/** Runs `fn` with tfjs ops recorded instead of computed. Synchronous, so that traces cannot interleave. */
export function record(
  fn: (recorder: Recorder, makeTensor: (info: tf.TensorInfo) => tf.Tensor) => void,
  shareConstants = true,
): Recorder {
  if (!backend) {
    backend = new TraceBackend();
    tf.registerBackend(TRACE_BACKEND, () => backend!, 0);
  }
  // Asking for the current backend when none is registered yet would throw.
  const before = tf.engine().backendName;
  const target = new Recorder(shareConstants);
  backend.recorder = target;
  tf.setBackend(TRACE_BACKEND);
  try {
    tf.tidy(() => fn(target, (info) => tf.engine().makeTensorFromTensorInfo(info)));
  } catch (error) {
    throw missingKernel(error, 'onnx', 'or add the kernel under src/engine/onnx/kernels') ?? error;
  } finally {
    backend.recorder = undefined;
    if (before && before !== TRACE_BACKEND) tf.setBackend(before);
  }
  return target;
}
