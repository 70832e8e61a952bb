import { CodecError } from '../core/errors.ts';
import { type HostTensor, sizeOf } from '../core/tensor.ts';
import type { Weights } from '../nn/params.ts';

/** Values of a stored tensor that must be there and of the size expected. Throws `bad-weights`. */
export function dataOf(
  tensors: Weights,
  name: string,
  { shape }: HostTensor,
  { what, remedy }: { readonly what: string; readonly remedy: string },
): Float32Array<ArrayBuffer> {
  const source = tensors.get(name);
  if (source?.data.length === sizeOf(shape)) return source.data as Float32Array<ArrayBuffer>;
  throw new CodecError('bad-weights', {
    what: `${what} at ${name}`,
    found: source ? `shape [${source.shape}]` : 'nothing',
    expected: `[${shape}]`,
    remedy,
  });
}
