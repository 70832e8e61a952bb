import { ByteCursor } from '../../bitstream/byte-cursor.ts';
import { writeVarint } from '../../bitstream/varint.ts';
import type { HostTensor } from '../../core/tensor.ts';
import { badPayload } from '../../entropy/entropy-coder.ts';
import { unpackNetwork } from '../../fitting/network.ts';
import { gridSizes, type LatentImageOptions, networkParts, type Size } from './geometry.ts';
import type { PaddedGrid } from './integer-context.ts';
import { decodeLatents, encodeLatents } from './latents.ts';

/** What a payload holds: which levels have latents (varint, a bit each), the networks, the latents. */
export interface Parsed {
  readonly grids: readonly PaddedGrid[];
  readonly network: ReadonlyMap<string, HostTensor>;
  readonly networkBytes: number;
  readonly latentBytes: number;
  readonly codedLevels: readonly boolean[];
}

export function writePayload(
  networkBytes: Uint8Array,
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
  return Uint8Array.from(
    Buffer.concat([Uint8Array.from(head), networkBytes, encodeLatents(present, network, options)]),
  );
}

/** Grids that are not zero throughout: those that are coded. */
export function withoutEmpty(grids: readonly PaddedGrid[]): (PaddedGrid | undefined)[] {
  return grids.map((grid) => (grid.latents.some((latent) => latent !== 0) ? grid : undefined));
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
  const levelsFrom = cursor.offset;
  const network = unpackNetwork(cursor, networkParts(options, channels));
  if (!cursor.failure && mask >= 2 ** options.levels) cursor.fail(`levels ${mask}`);
  if (cursor.failure) {
    const found = cursor.failure === 'short' ? `${payload.length} bytes` : cursor.failure;
    throw badPayload(found, 'networks and latents of a picture');
  }
  const codedLevels = Array.from({ length: options.levels }, (_, level) => ((mask >> level) & 1) === 1);
  const latents = payload.subarray(cursor.offset);
  const sizes = gridSizes(options, size);
  const grids = decodeLatents(latents, sizes, (level) => codedLevels[level]!, network, options);
  return {
    grids,
    network,
    networkBytes: cursor.offset - levelsFrom,
    latentBytes: latents.length,
    codedLevels,
  };
}
