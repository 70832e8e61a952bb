import type { HostTensor } from '../core/tensor.ts';
import { rowLengthOf } from './packed-format.ts';

/** Floats in fewer values than this, and vectors, are kept exactly: they are few and count much. */
const MIN_VALUES = 1024;
/** Values in a tensor whose step is as large as asked for. */
const REFERENCE_VALUES = 2 ** 18;
const CODEBOOK = /\._codebook\.embed$/;

/** Whether this is a residual codebook, by its name in the state dict. */
export function isCodebook(name: string): boolean {
  return CODEBOOK.test(name);
}

/**
 * Distance of two levels, a float32, for each tensor worth quantizing: `step` root mean squares times the square root of its
 * share of 2^18 values. What a layer adds to the noise of the output depends on its relative error, not on how many
 * values it has; what a smaller step costs does. With n values at a relative step s, noise s^2 and n log2(1 / s) bits are
 * traded equally in all layers where s^2 is in proportion to n.
 *
 * Codebooks that are added up share one step: an error counts the same in whichever it is. It comes from the median of
 * their root mean squares.
 */
export function stepsOf(tensors: ReadonlyMap<string, HostTensor>, step: number): Map<string, number> {
  const quantized = [...tensors].filter(
    ([, { dtype, shape, data }]) =>
      dtype === 'float32' && data.length >= MIN_VALUES && rowLengthOf(shape) > 1,
  );
  const codebooks = quantized.filter(([name]) => isCodebook(name));
  const shared = median(codebooks.map(([, { data }]) => rootMeanSquare(data)));
  const steps = quantized.map(([name, { data }]): [string, number] => {
    const unit = isCodebook(name) ? shared : rootMeanSquare(data);
    return [name, Math.fround(step * unit * Math.sqrt(data.length / REFERENCE_VALUES))];
  });
  // What float32 does not have in full precision is not worth quantizing to.
  return new Map(steps.filter(([, each]) => each > 2 ** -100));
}

function rootMeanSquare(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum / values.length);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
