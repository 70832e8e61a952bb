import { ByteCursor } from '../../bitstream/byte-cursor.ts';
import { writeVarint } from '../../bitstream/varint.ts';
import type { HostTensor } from '../../core/tensor.ts';
import { badPayload } from '../../entropy/entropy-coder.ts';
import { type CodedGrid, decodeLatents, encodeLatents } from '../../fitting/latents/coding.ts';
import { IntegerContext } from '../../fitting/latents/integer-context.ts';
import { type PaddedGrid, paddedGrid } from '../../fitting/latents/padded-grid.ts';
import { unpackNetwork } from '../../fitting/network.ts';
import { contextShape, gridSizes, networkParts, type Size } from './geometry.ts';
import type { LatentImageOptions } from './options.ts';
import { knownNetwork, MAX_GAIN } from './start.ts';

/** What a payload holds: which levels have latents (varint, a bit each), the gain (u8), the networks, the latents. */
export interface Parsed {
  readonly grids: readonly PaddedGrid[];
  readonly network: ReadonlyMap<string, HostTensor>;
  readonly networkBytes: number;
  readonly latentBytes: number;
  readonly codedLevels: readonly boolean[];
}

export function writePayload(
  networkBytes: Uint8Array,
  gain: number,
  grids: readonly PaddedGrid[],
  network: ReadonlyMap<string, HostTensor>,
  options: LatentImageOptions,
): Uint8Array {
  const present = withoutEmpty(grids);
  const head: number[] = [];
  writeVarint(
    present.reduce((mask, grid, level) => mask + (grid ? 2 ** level : 0), 0),
    head,
  );
  head.push(gain + MAX_GAIN);
  return Uint8Array.from(
    Buffer.concat([
      Uint8Array.from(head),
      networkBytes,
      encodeLatents(codedGrids(present, network, options)),
    ]),
  );
}

/** Grids that are not zero throughout: those that are coded. */
export function withoutEmpty(grids: readonly PaddedGrid[]): (PaddedGrid | undefined)[] {
  return grids.map((grid) => (grid.latents.some((latent) => latent !== 0) ? grid : undefined));
}

/** Grids in the order of coding, coarse ones first. */
export function codedGrids(
  grids: readonly (PaddedGrid | undefined)[],
  network: ReadonlyMap<string, HostTensor>,
  options: LatentImageOptions,
): CodedGrid[] {
  return grids
    .flatMap((grid, level) => {
      if (!grid) return [];
      const context = new IntegerContext(network, contextShape(options), grid.stride);
      context.beside([level]);
      return [{ grid, context }];
    })
    .reverse();
}

/** Throws `bad-container`. */
export function parsePayload(
  payload: Uint8Array,
  options: LatentImageOptions,
  size: Size,
  channels: number,
): Parsed {
  const cursor = new ByteCursor(payload);
  const mask = cursor.varint();
  const gain = cursor.uint(1) - MAX_GAIN;
  if (gain > MAX_GAIN) cursor.fail(`a gain of ${gain}`);
  const networkFrom = cursor.offset;
  const known = knownNetwork(options, channels, cursor.failure ? 0 : gain);
  const network = unpackNetwork(cursor, networkParts(options, channels), known);
  if (!cursor.failure && mask >= 2 ** options.levels) cursor.fail(`levels ${mask}`);
  if (cursor.found) throw badPayload(cursor.found, 'networks and latents of a picture');
  const codedLevels = Array.from({ length: options.levels }, (_, level) => ((mask >> level) & 1) === 1);
  const latents = payload.subarray(cursor.offset);
  const sizes = gridSizes(options, size);
  const grids = sizes.map(([rows, columns]) => paddedGrid(rows, columns));
  const present = grids.map((grid, level) => (codedLevels[level] ? grid : undefined));
  decodeLatents(latents, codedGrids(present, network, options));
  return {
    grids,
    network,
    networkBytes: cursor.offset - networkFrom,
    latentBytes: latents.length,
    codedLevels,
  };
}
