import { type ContextShape, contextPart, macPerLatent } from '../../fitting/latents/context-shape.ts';
import type { NetworkPart } from '../../fitting/network.ts';

export interface LatentImageOptions {
  /** Grids, each half as large as the one before; the first has the picture's size. */
  readonly levels: number;
  /** Latents before a latent that its distribution depends on. */
  readonly contexts: number;
  /** Units in the hidden layers of the context model. */
  readonly contextWidth: number;
  /** Units in the hidden layer of the synthesis. */
  readonly width: number;
  /** Pixels of a side of what is computed at once. */
  readonly tile: number;
  /** Name or path of networks that fits start from and decoders know. */
  readonly weights?: string | undefined;
}

/** Latents around a tile, at every level, that it depends on. */
export const HALO = 4;
/** Pixels around a tile that two 3 x 3 convolutions see. */
export const PIXEL_HALO = 2;
export type Size = readonly [height: number, width: number];

/** Sizes of the grids of a picture. */
export function gridSizes({ levels }: LatentImageOptions, [height, width]: Size): Size[] {
  return Array.from({ length: levels }, (_, l) => [Math.ceil(height / 2 ** l), Math.ceil(width / 2 ** l)]);
}

/** How a picture is cut into tiles of one size, which may reach over its right and lower edge. */
export class Tiling {
  /** Of a tile, in pixels. */
  readonly size: Size;
  readonly rows: number;
  readonly columns: number;
  private readonly options: LatentImageOptions;

  constructor(options: LatentImageOptions, [height, width]: Size) {
    this.options = options;
    const unit = 2 ** (options.levels - 1);
    const side = (pixels: number) => Math.min(options.tile, Math.ceil(pixels / unit) * unit);
    this.size = [side(height), side(width)];
    this.rows = Math.ceil(height / this.size[0]);
    this.columns = Math.ceil(width / this.size[1]);
  }

  get count(): number {
    return this.rows * this.columns;
  }

  /** First row and column of a tile, in pixels. */
  origin(tile: number): Size {
    return [Math.floor(tile / this.columns) * this.size[0], (tile % this.columns) * this.size[1]];
  }

  /** Size of a tile's part of a grid. */
  core(level: number): Size {
    return [this.size[0] / 2 ** level, this.size[1] / 2 ** level];
  }

  /** The same with what is around it. */
  window(level: number): [number, number] {
    const [height, width] = this.core(level);
    return [height + 2 * HALO, width + 2 * HALO];
  }

  /** Where the window of a tile begins, perhaps outside of the grid. */
  windowOrigin(tile: number, level: number): [number, number] {
    const [top, left] = this.origin(tile);
    return [top / 2 ** level - HALO, left / 2 ** level - HALO];
  }

  /** In how many tiles' windows a latent in the middle of a large picture lies. */
  windowsOver(level: number): number {
    const [height, width] = this.core(level);
    const [windowHeight, windowWidth] = this.window(level);
    return Math.min(this.count, (windowHeight * windowWidth) / (height * width));
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
