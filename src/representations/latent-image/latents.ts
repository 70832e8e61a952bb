import type { HostTensor } from '../../core/tensor.ts';
import { badPayload } from '../../entropy/entropy-coder.ts';
import { TOTAL_BITS } from '../../entropy/frequency-table.ts';
import { type LaplaceTable, laplaceTable } from '../../entropy/laplace.ts';
import { RangeDecoder, RangeEncoder } from '../../entropy/range-coder.ts';
import type { LatentImageOptions, Size } from './geometry.ts';
import { IntegerContext, type PaddedGrid, paddedGrid, rowStart } from './integer-context.ts';

type Network = ReadonlyMap<string, HostTensor>;

/** Largest magnitude of a latent. */
export const MAX_LATENT = 2 ** 15 - 1;
const MAX_REST_BITS = 16;

/** Calls `each` for every latent in the order of coding, coarse grids first, with the table it is coded with. */
function scan(
  grids: readonly (PaddedGrid | undefined)[],
  network: Network,
  options: LatentImageOptions,
  each: (grid: PaddedGrid, at: number, table: LaplaceTable, centre: number) => void,
): void {
  for (let level = grids.length - 1; level >= 0; level--) {
    const grid = grids[level];
    if (!grid) continue;
    const context = new IntegerContext(network, options, level, grid.stride);
    for (let y = 0; y < grid.rows; y++) {
      const start = rowStart(grid, y);
      for (let at = start; at < start + grid.columns; at++) {
        context.look(grid.latents, at);
        each(grid, at, laplaceTable(context.table), context.centre);
      }
    }
  }
}

/** Bits that latents will take. */
export function countBits(
  grids: readonly (PaddedGrid | undefined)[],
  network: Network,
  options: LatentImageOptions,
): number {
  let bits = 0;
  scan(grids, network, options, ({ latents }, at, table, centre) => {
    const distance = latents[at]! - centre;
    const { radius } = table;
    if (distance >= -radius && distance <= radius) bits += table.bits[distance + radius]!;
    else bits += table.bits[2 * radius + 1]! + 2 * Math.log2(Math.abs(distance) - radius) + 2;
  });
  return bits;
}

/** Latents as bytes. */
export function encodeLatents(
  grids: readonly (PaddedGrid | undefined)[],
  network: Network,
  options: LatentImageOptions,
): Uint8Array {
  const encoder = new RangeEncoder();
  scan(grids, network, options, ({ latents }, at, { radius, cumulative }, centre) => {
    const distance = latents[at]! - centre;
    const inside = distance >= -radius && distance <= radius;
    const symbol = inside ? distance + radius : 2 * radius + 1;
    const from = cumulative[symbol]!;
    encoder.encode(from, cumulative[symbol + 1]! - from, TOTAL_BITS);
    if (!inside) encodeRest(encoder, distance, radius);
  });
  return encoder.finish();
}

/** Reads what `encodeLatents` wrote into grids of those sizes; levels that are not `coded` are zero. Throws `bad-container`. */
export function decodeLatents(
  bytes: Uint8Array,
  sizes: readonly Size[],
  coded: (level: number) => boolean,
  network: Network,
  options: LatentImageOptions,
): PaddedGrid[] {
  const grids = sizes.map(([rows, columns]) => paddedGrid(rows, columns));
  const decoder = new RangeDecoder(bytes);
  const present = grids.map((grid, level) => (coded(level) ? grid : undefined));
  scan(present, network, options, ({ latents }, at, table, centre) => {
    const { cumulative, radius } = table;
    const symbol = symbolAt(decoder.peek(TOTAL_BITS), cumulative, radius);
    const from = cumulative[symbol]!;
    decoder.consume(from, cumulative[symbol + 1]! - from, TOTAL_BITS);
    const inside = symbol <= 2 * radius;
    const latent = centre + (inside ? symbol - radius : decodeRest(decoder, radius));
    if (latent > MAX_LATENT || latent < -MAX_LATENT) throw badPayload(`a latent of ${latent}`, 'less');
    latents[at] = latent;
  });
  if (decoder.hasUnusedBytes) throw badPayload(`${bytes.length} bytes`, 'fewer for these latents');
  return grids;
}

/** The symbol whose interval holds a value: mostly the one in the middle. */
function symbolAt(value: number, cumulative: Int32Array, middle: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  if (value >= cumulative[middle + 1]!) low = middle + 1;
  else if (value < cumulative[middle]!) high = middle;
  else return middle;
  while (high - low > 1) {
    const half = (low + high) >> 1;
    if (cumulative[half]! <= value) low = half;
    else high = half;
  }
  return low;
}

/** A distance beyond a table: its sign and, as an Exp-Golomb code, how far. */
function encodeRest(encoder: RangeEncoder, distance: number, radius: number): void {
  encoder.encode(distance < 0 ? 1 : 0, 1, 1);
  const rest = Math.abs(distance) - radius;
  const width = 31 - Math.clz32(rest);
  for (let i = 0; i < width; i++) encoder.encode(1, 1, 1);
  encoder.encode(0, 1, 1);
  if (width > 0) encoder.encode(rest & ((1 << width) - 1), 1, width);
}

function decodeRest(decoder: RangeDecoder, radius: number): number {
  const bits = (width: number) => {
    const value = decoder.peek(width);
    decoder.consume(value, 1, width);
    return value;
  };
  const negative = bits(1) === 1;
  let width = 0;
  while (bits(1) === 1) {
    if (++width > MAX_REST_BITS) throw badPayload('a latent above 2^16', 'less');
  }
  const magnitude = radius + ((1 << width) | (width > 0 ? bits(width) : 0));
  return negative ? -magnitude : magnitude;
}
