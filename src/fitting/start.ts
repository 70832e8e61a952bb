import { CodecError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import { loadWeights } from '../weights/store.ts';
import type { NetworkPart } from './network.ts';

/**
 * Tensors of a network that decoders know: those of weights whose name and shape are the same, else zero.
 * @param weights a name or path; undefined: all zero
 * @throws `bad-weights` where none is the same
 */
export function storedNetwork(
  parts: readonly NetworkPart[],
  weights: string | undefined,
): Map<string, HostTensor> {
  const stored = weights === undefined ? undefined : loadWeights(weights).tensors;
  const network = new Map<string, HostTensor>();
  let found = false;
  for (const { tensors, knownBits } of parts) {
    for (const { name, shape } of tensors) {
      const tensor = float32(shape);
      const known = stored?.get(name);
      found ||= known !== undefined;
      if (known?.shape.join() === shape.join()) tensor.data.set(known.data as Float32Array);
      if (knownBits !== undefined) roundTo(tensor.data as Float32Array, 1 << knownBits);
      network.set(name, tensor);
    }
  }
  if (stored && !found) {
    throw new CodecError('bad-weights', {
      what: `the weights ${weights} are not of a representation like this`,
      expected: [...network.keys()].join(', '),
    });
  }
  return network;
}

/** Whether a tensor is zero throughout. */
export function isEmpty({ data }: HostTensor): boolean {
  return data.every((value) => value === 0);
}

/** Random values for a matrix that is zero throughout, but for its last row, the bias. */
export function randomise({ shape, data }: HostTensor, factor: number, rng: Rng): void {
  if (data.some((value) => value !== 0)) return;
  const [inputs, outputs] = shape as [number, number];
  const bound = factor * Math.sqrt(3 / inputs);
  for (let i = 0; i < (inputs - 1) * outputs; i++) data[i] = bound * (2 * rng.uniform() - 1);
}

/** The layers of a context model of that name, to begin with. */
export function randomiseContext(network: ReadonlyMap<string, HostTensor>, name: string, rng: Rng): void {
  for (const layer of ['0', '1']) randomise(network.get(`${name}.${layer}`)!, 1, rng);
  randomise(network.get(`${name}.2`)!, 0.1, rng);
}

function roundTo(values: Float32Array, unit: number): void {
  for (let i = 0; i < values.length; i++) values[i] = Math.round(values[i]! * unit) / unit;
}
