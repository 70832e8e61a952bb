import { badPayload } from '../../entropy/entropy-coder.ts';
import { TOTAL_BITS } from '../../entropy/frequency-table.ts';
import { type LaplaceTable, laplaceTable } from '../../entropy/laplace.ts';
import { RangeDecoder, RangeEncoder } from '../../entropy/range-coder.ts';
import type { IntegerContext } from './integer-context.ts';
import { MAX_LATENT, type PaddedGrid, rowStart } from './padded-grid.ts';

const MAX_REST_BITS = 16;

/** A grid to be coded, after those before it and with a context model of its own. */
export interface CodedGrid {
  readonly grid: PaddedGrid;
  readonly context: IntegerContext;
  /** What is known besides the contexts of a latent, if that changes from one to the next; grids before have their latents. */
  besideOf?(row: number, column: number): ArrayLike<number>;
}

/** Calls `each` for every latent in the order of coding with the table it is coded with. */
function scan(
  grids: readonly CodedGrid[],
  each: (grid: PaddedGrid, at: number, table: LaplaceTable, centre: number) => void,
): void {
  for (const coded of grids) {
    const { grid, context } = coded;
    for (let y = 0; y < grid.rows; y++) {
      const start = rowStart(grid, y);
      for (let x = 0; x < grid.columns; x++) {
        if (coded.besideOf) context.beside(coded.besideOf(y, x));
        context.look(grid.latents, start + x);
        each(grid, start + x, laplaceTable(context.table), context.centre);
      }
    }
  }
}

/** Bits that latents will take. */
export function countBits(grids: readonly CodedGrid[]): number {
  let bits = 0;
  scan(grids, ({ latents }, at, table, centre) => {
    const distance = latents[at]! - centre;
    const { radius } = table;
    if (distance >= -radius && distance <= radius) bits += table.bits[distance + radius]!;
    else bits += table.bits[2 * radius + 1]! + 2 * Math.log2(Math.abs(distance) - radius) + 2;
  });
  return bits;
}

/** Latents as bytes. */
export function encodeLatents(grids: readonly CodedGrid[]): Uint8Array {
  const encoder = new RangeEncoder();
  scan(grids, ({ latents }, at, { radius, cumulative }, centre) => {
    const distance = latents[at]! - centre;
    const inside = distance >= -radius && distance <= radius;
    const symbol = inside ? distance + radius : 2 * radius + 1;
    const from = cumulative[symbol]!;
    encoder.encode(from, cumulative[symbol + 1]! - from, TOTAL_BITS);
    if (!inside) encodeRest(encoder, distance, radius);
  });
  return encoder.finish();
}

/** Reads what `encodeLatents` wrote into grids of the same sizes. Throws `bad-container`. */
export function decodeLatents(bytes: Uint8Array, grids: readonly CodedGrid[]): void {
  const decoder = new RangeDecoder(bytes);
  scan(grids, ({ latents }, at, table, centre) => {
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
