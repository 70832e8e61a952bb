import { type ContextShape, contextPart, macPerLatent } from '../../fitting/latents/context-shape.ts';
import type { NetworkPart } from '../../fitting/network.ts';
import type { LatentImageOptions } from './options.ts';

/** Latents around a tile, at every level, that it depends on. */
export const HALO = 4;
/** Pixels around a tile that two 3 x 3 convolutions see. */
export const PIXEL_HALO = 2;
export type Size = readonly [height: number, width: number];

/** Sizes of the grids of a picture. */
export function gridSizes({ levels }: LatentImageOptions, [height, width]: Size): Size[] {
  return Array.from({ length: levels }, (_, l) => [Math.ceil(height / 2 ** l), Math.ceil(width / 2 ** l)]);
}

/**
 * How a picture is cut into tiles of one size, which may reach over its right and lower edge, and tiles into pieces that are
 * computed at once.
 */
export class Tiling {
  /** Of a piece, in pixels. */
  readonly size: Size;
  readonly rows: number;
  readonly columns: number;
  /** Pieces of a tile, beside or below each other. */
  readonly piecesPerTile: 1 | 2;
  private readonly tileSize: Size;
  private readonly options: LatentImageOptions;

  /** @param halved whether tiles are cut in two, where the halves have as many levels */
  constructor(options: LatentImageOptions, [height, width]: Size, halved = false) {
    this.options = options;
    const unit = 2 ** (options.levels - 1);
    const side = (pixels: number) => Math.min(options.tile, Math.ceil(pixels / unit) * unit);
    const [tileHeight, tileWidth] = [side(height), side(width)];
    this.tileSize = [tileHeight, tileWidth];
    this.rows = Math.ceil(height / tileHeight);
    this.columns = Math.ceil(width / tileWidth);
    const canHalve = (pixels: number) => halved && pixels % (2 * unit) === 0;
    this.piecesPerTile = canHalve(tileWidth) || canHalve(tileHeight) ? 2 : 1;
    // Long rows are what the engine is fast at.
    if (canHalve(tileHeight)) this.size = [tileHeight / 2, tileWidth];
    else if (canHalve(tileWidth)) this.size = [tileHeight, tileWidth / 2];
    else this.size = this.tileSize;
  }

  /** Number of tiles. */
  get count(): number {
    return this.rows * this.columns;
  }

  /** First row and column of a piece, in pixels. Pieces are numbered tile by tile. */
  origin(piece: number): Size {
    const [tileHeight, tileWidth] = this.tileSize;
    const tile = Math.floor(piece / this.piecesPerTile);
    const top = Math.floor(tile / this.columns) * tileHeight;
    const left = (tile % this.columns) * tileWidth;
    if (piece % this.piecesPerTile === 0) return [top, left];
    const [height, width] = this.size;
    return width < tileWidth ? [top, left + width] : [top + height, left];
  }

  /** Size of a piece's part of a grid. */
  core(level: number): Size {
    return [this.size[0] / 2 ** level, this.size[1] / 2 ** level];
  }

  /** The same with what is around it. */
  window(level: number): [number, number] {
    const [height, width] = this.core(level);
    return [height + 2 * HALO, width + 2 * HALO];
  }

  /** Where the window of a piece begins, perhaps outside of the grid. */
  windowOrigin(piece: number, level: number): [number, number] {
    const [top, left] = this.origin(piece);
    return [top / 2 ** level - HALO, left / 2 ** level - HALO];
  }

  get levels(): number {
    return this.options.levels;
  }
}

/** The context model: besides the contexts it is told the level. */
export function contextShape({ contexts, contextWidth }: LatentImageOptions): ContextShape {
  return { name: 'context', contexts, beside: 1, width: contextWidth };
}

/** The networks' tensors, in the order in which they are coded. Biases are rows of the matrices. */
export function networkParts(options: LatentImageOptions, channels: number): NetworkPart[] {
  const { levels, width } = options;
  return [
    contextPart(contextShape(options)),
    {
      name: 'upsampling',
      exponents: [4, 12],
      tensors: [{ name: 'upsampling', shape: [levels - 1, 4] }],
    },
    {
      name: 'synthesis',
      exponents: [5, 14],
      tensors: [
        { name: 'synthesis.skip', shape: [levels + 1, channels] },
        { name: 'synthesis.0', shape: [levels + 1, width - 1] },
        { name: 'synthesis.1', shape: [width, channels] },
        { name: 'synthesis.2', shape: [9 * channels + 1, channels] },
        { name: 'synthesis.3', shape: [9 * channels + 1, channels] },
      ],
    },
  ];
}

/** Multiplications with additions per pixel that a decoder does, by what for. */
export function macPerPixel(options: LatentImageOptions, channels: number, latentsPerPixel: number) {
  const { levels, width } = options;
  let upsampling = 0;
  // Each stage: along the rows at half the height, then along the columns.
  for (let l = levels - 1; l > 0; l--) upsampling += ((levels - l) * 4 * 1.5) / 4 ** (l - 1);
  const synthesis =
    (levels + 1) * (width - 1 + channels) + width * channels + 2 * (9 * channels + 1) * channels;
  return Math.round(macPerLatent(contextShape(options)) * latentsPerPixel + upsampling + synthesis);
}
