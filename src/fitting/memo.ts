import type { HostTensor } from '../core/tensor.ts';

type Network = ReadonlyMap<string, HostTensor>;

/** A function of a network that is computed again only where a tensor of those that count is another. */
export function memo<T>(compute: (network: Network) => T, counts: (name: string) => boolean) {
  let last: { readonly key: readonly HostTensor[]; readonly value: T } | undefined;
  return (network: Network): T => {
    const key = [...network].filter(([name]) => counts(name)).map(([, tensor]) => tensor);
    if (!last || key.some((tensor, i) => tensor !== last!.key[i])) last = { key, value: compute(network) };
    return last.value;
  };
}
