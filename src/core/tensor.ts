/** A dense array on the host, C order (last axis fastest). */
export type HostTensor =
  | { readonly dtype: 'float32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'int32'; readonly shape: readonly number[]; readonly data: Int32Array };

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((n, d) => n * d, 1);
}

export function float32(
  shape: readonly number[],
  data: Float32Array = new Float32Array(sizeOf(shape)),
): HostTensor & { dtype: 'float32' } {
  return { dtype: 'float32', shape, data };
}

export function int32(
  shape: readonly number[],
  data: Int32Array = new Int32Array(sizeOf(shape)),
): HostTensor & { dtype: 'int32' } {
  return { dtype: 'int32', shape, data };
}

/** A tensor whose values are computed when first read. */
export function lazyTensor<D extends HostTensor['dtype']>(
  dtype: D,
  shape: readonly number[],
  compute: () => Extract<HostTensor, { dtype: D }>['data'],
): HostTensor {
  let values: HostTensor['data'] | undefined;
  return {
    dtype,
    shape,
    get data() {
      values ??= compute();
      return values;
    },
  } as HostTensor;
}
