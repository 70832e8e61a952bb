import { ByteCursor } from '../../bitstream/byte-cursor.ts';
import type { HostTensor } from '../../core/tensor.ts';
import { badPayload } from '../../entropy/entropy-coder.ts';
import { type CodedGrid, decodeLatents, encodeLatents } from '../../fitting/latents/coding.ts';
import { IntegerContext } from '../../fitting/latents/integer-context.ts';
import { type PaddedGrid, paddedGrid, rowStart } from '../../fitting/latents/padded-grid.ts';
import { unpackNetwork } from '../../fitting/network.ts';
import { storedNetwork } from '../../fitting/start.ts';
import { GAIN_QUARTERS } from './bits.ts';
import { type AudioGeometry, fineShape, gainShape, networkParts, SPREAD_PARTS } from './geometry.ts';
import type { LatentAudioOptions } from './options.ts';
import { MAX_STEP } from './start.ts';
import { MIN_LEVEL } from './target.ts';

type Network = ReadonlyMap<string, HostTensor>;

/** What there is to code of a sound, and in what units. */
export interface Latents {
  readonly gains: PaddedGrid;
  readonly fine: PaddedGrid;
  /** In quarter octaves: of the whole sound, and of what one in the fine grid stands for. */
  readonly level: number;
  readonly step: number;
}

/** What a payload holds: level and step (u8 each), the networks, gains and fine latents. */
export interface Parsed extends Latents {
  readonly network: Network;
  readonly networkBytes: number;
  readonly latentBytes: number;
}

export function writePayload(
  networkBytes: Uint8Array,
  latents: Latents,
  network: Network,
  geometry: AudioGeometry,
  options: LatentAudioOptions,
): Uint8Array {
  const { level, step } = latents;
  const head = Uint8Array.of(level - MIN_LEVEL, step + MAX_STEP);
  const grids = [
    codedGains(latents, network, geometry, options),
    codedFine(latents, network, geometry, options),
  ];
  return Uint8Array.from(Buffer.concat([head, networkBytes, encodeLatents(grids)]));
}

/** Throws `bad-container`. */
export function parsePayload(
  payload: Uint8Array,
  geometry: AudioGeometry,
  options: LatentAudioOptions,
): Parsed {
  const cursor = new ByteCursor(payload);
  const level = cursor.uint(1) + MIN_LEVEL;
  const step = cursor.uint(1) - MAX_STEP;
  if (step > MAX_STEP) cursor.fail(`a step of ${step}`);
  const from = cursor.offset;
  const parts = networkParts(options);
  const network = unpackNetwork(cursor, parts, storedNetwork(parts, options.weights));
  if (cursor.found) throw badPayload(cursor.found, 'networks and latents of a sound');
  const networkBytes = cursor.offset - from;
  const latents = {
    gains: paddedGrid(...geometry.gainSize),
    fine: paddedGrid(...geometry.fineSize),
    level,
    step,
  };
  const bytes = payload.subarray(cursor.offset);
  decodeLatents(bytes, [
    codedGains(latents, network, geometry, options),
    codedFine(latents, network, geometry, options),
  ]);
  return { ...latents, network, networkBytes, latentBytes: bytes.length };
}

export function codedGains(
  { gains }: Latents,
  network: Network,
  { bands }: AudioGeometry,
  options: LatentAudioOptions,
): CodedGrid {
  const context = new IntegerContext(network, gainShape(options), gains.stride);
  return { grid: gains, context, besideOf: (_, column) => [column % bands] };
}

/** Beside a coefficient are its gain, in quarters, its band and the step: integers, as `fineBits` has them in floats. */
export function codedFine(
  { gains, fine, step }: Latents,
  network: Network,
  geometry: AudioGeometry,
  options: LatentAudioOptions,
): CodedGrid {
  const context = new IntegerContext(network, fineShape(options), fine.stride);
  const bandOf = geometry.bandOfColumn();
  const sums = new Float64Array(geometry.fineSize[1]);
  const beside = new Int32Array(3);
  const unit = SPREAD_PARTS / GAIN_QUARTERS;
  let at = -1;
  return {
    grid: fine,
    context,
    besideOf(row, column) {
      if (row !== at) geometry.spreadRow(row, (y, x) => gains.latents[rowStart(gains, y) + x]!, sums);
      at = row;
      beside[0] = Math.floor((sums[column]! + unit / 2) / unit);
      beside[1] = bandOf[column]!;
      beside[2] = step;
      return beside;
    },
  };
}
