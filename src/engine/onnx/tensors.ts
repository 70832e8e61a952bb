import { Tensor } from 'onnxruntime-node';
import { CodecError } from '../../core/errors.ts';
import { type HostTensor, sizeOf } from '../../core/tensor.ts';
import type { Port } from './trace.ts';

export function asTensor(value: HostTensor): Tensor {
  return value.dtype === 'float32'
    ? new Tensor('float32', value.data, value.shape)
    : new Tensor('int32', value.data, value.shape);
}

export function asHost(tensor: Tensor, { shape, dtype }: Port): HostTensor {
  return dtype === 'float32'
    ? { dtype, shape, data: tensor.data as Float32Array }
    : { dtype, shape, data: tensor.data as Int32Array };
}

/** The value of an input; zeros if there is none. Throws `bad-argument` for one of another size or kind. */
export function inputOf(port: Port, value: HostTensor | undefined): HostTensor {
  const { label, shape, dtype } = port;
  const size = sizeOf(shape);
  if (!value) {
    return dtype === 'float32'
      ? { dtype, shape, data: new Float32Array(size) }
      : { dtype, shape, data: new Int32Array(size) };
  }
  if (value.dtype === dtype && value.data.length === size) return value;
  throw new CodecError('bad-argument', {
    what: `cannot run the graph: input ${label} does not fit`,
    found: `${value.dtype} [${value.shape}]`,
    expected: `${dtype} [${shape}]`,
  });
}
