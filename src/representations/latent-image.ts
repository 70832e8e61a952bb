import { CodecError } from '../core/errors.ts';
import { bitDepthOf, type RasterImage } from '../core/signal.ts';
import type { HostTensor } from '../core/tensor.ts';
import type { Engine } from '../engine/engine.ts';
import { countBits } from '../fitting/latents/coding.ts';
import { type PaddedGrid, roundedGrid } from '../fitting/latents/padded-grid.ts';
import { runFit } from '../fitting/loop.ts';
import { memo } from '../fitting/memo.ts';
import { packNetwork } from '../fitting/network.ts';
import type { FitOptions, Fitted, FormatOf, Representation } from '../fitting/representation.ts';
import { gridSizes, macPerPixel, networkParts, type Size, Tiling } from './latent-image/geometry.ts';
import { type LatentImageOptions, options } from './latent-image/options.ts';
import { codedGrids, parsePayload, withoutEmpty, writePayload } from './latent-image/payload.ts';
import { meanSquaredError, type Picture, pictureOf } from './latent-image/picture.ts';
import { LatentImageProblem, latentName } from './latent-image/problem.ts';
import { freshStart, knownNetwork, type Start } from './latent-image/start.ts';
import { pieceTarget, TileSynthesis } from './latent-image/tiles.ts';
import { assertDecodable, assertFittable } from './limits.ts';

type Network = ReadonlyMap<string, HostTensor>;
type Format = FormatOf['image'];

/** Tiles by which the steps of the network's quantization are judged, at most. */
const JUDGED_TILES = 8;

/**
 * A picture as integer latents on grids of falling resolution, an autoregressive context model in integers, learned
 * upsampling and a small synthesis network, all fitted to the picture (Ladune et al., "COOL-CHIC", arXiv:2212.05458; Kim et
 * al., "C3", arXiv:2312.02753).
 */
class LatentImage implements Representation<'image'> {
  private readonly options: LatentImageOptions;

  /** Throws `bad-recipe` for tiles that are smaller than a latent of the coarsest level. */
  constructor(chosen: LatentImageOptions) {
    const { levels, tile } = chosen;
    if (2 ** (levels - 1) > tile) {
      throw new CodecError('bad-recipe', {
        what: 'the tiles of this representation are too small for its levels',
        found: `representation.tile ${tile}, representation.levels ${levels}`,
        expected: `tiles of at least ${2 ** (levels - 1)}`,
      });
    }
    this.options = chosen;
  }

  async fit(raster: RasterImage, fitOptions: FitOptions): Promise<Fitted> {
    const { engine, lambda, seed } = fitOptions;
    const { width, height, channels } = raster;
    assertFittable(width * height * channels, 'bad-image');
    const picture = pictureOf(raster);
    const size: Size = [height, width];
    const start = (fitOptions.from as Start | undefined) ?? freshStart(this.options, picture, lambda, seed);
    const problem = new LatentImageProblem(picture, this.options, lambda, start);
    const { parameters, interrupted } = await runFit(problem, fitOptions);
    const values = Array.from(
      { length: this.options.levels },
      (_, level) => problem.grids.get(latentName(level))!.values,
    );
    const sizes = gridSizes(this.options, size);
    const grids = sizes.map((each, level) => roundedGrid(values[level]!, each));
    const packed = await this.pack(picture, grids, parameters, start.gain, fitOptions);
    const payload = writePayload(packed.bytes, start.gain, grids, packed.network, this.options);
    const format = { width, height, channels, bitDepth: bitDepthOf(raster) };
    const decoded = pictureOf(await this.decode(payload, format, engine));
    return {
      payload,
      meanSquaredError: meanSquaredError(decoded, picture),
      interrupted,
      bytes: {
        ...packed.partBytes,
        latents: payload.length - packed.bytes.length,
      },
      end: { network: parameters, grids: values, gain: start.gain } satisfies Start,
    };
  }

  async decode(payload: Uint8Array, format: Format, engine: Engine): Promise<RasterImage> {
    const { width, height, channels, bitDepth } = format;
    const { grids, network } = this.parse(payload, format);
    const data = new (bitDepth === 16 ? Uint16Array : Uint8Array)(width * height * channels);
    const peak = 2 ** bitDepth - 1;
    const tiling = new Tiling(this.options, [height, width]);
    const synthesis = await TileSynthesis.create(engine, network, tiling);
    const [tileHeight, tileWidth] = tiling.size;
    try {
      for (let tile = 0; tile < tiling.count; tile++) {
        const planes = await synthesis.pixels(network, grids, tile);
        const [top, left] = tiling.origin(tile);
        for (let c = 0; c < channels; c++) {
          for (let y = 0; y < Math.min(tileHeight, height - top); y++) {
            const from = (c * tileHeight + y) * tileWidth;
            const to = ((top + y) * width + left) * channels + c;
            for (let x = 0; x < Math.min(tileWidth, width - left); x++) {
              data[to + x * channels] = Math.round(Math.max(0, Math.min(1, planes[from + x]!)) * peak);
            }
          }
        }
      }
    } finally {
      await synthesis.dispose();
    }
    return { kind: 'image', width, height, channels, data };
  }

  inspect(payload: Uint8Array, format: Format) {
    const { width, height, channels } = format;
    const parsed = this.parse(payload, format);
    const sizes = gridSizes(this.options, [height, width]);
    const coded = sizes.reduce((sum, [h, w], level) => sum + (parsed.codedLevels[level] ? h * w : 0), 0);
    return {
      macPerPixel: macPerPixel(this.options, channels, coded / (width * height)),
      networkBytes: parsed.networkBytes,
      latentBytes: parsed.latentBytes,
      codedLevels: parsed.codedLevels.filter(Boolean).length,
      latents: coded,
    };
  }

  private parse(payload: Uint8Array, { width, height, channels }: Format) {
    assertDecodable(width * height * channels);
    return parsePayload(payload, this.options, [height, width], channels);
  }

  /** Quantizes the networks: the context model by the bits of the latents, the others by the error of some tiles. */
  private async pack(
    picture: Picture,
    grids: readonly PaddedGrid[],
    parameters: Network,
    gain: number,
    { engine, lambda }: FitOptions,
  ) {
    const { width, height, channels } = picture;
    const tiling = new Tiling(this.options, [height, width]);
    const synthesis = await TileSynthesis.create(engine, parameters, tiling);
    const present = withoutEmpty(grids);
    // A part changes either the bits or the error: the other is as it was.
    const bits = memo((network) => countBits(codedGrids(present, network, this.options)), isContext);
    const error = memo((network) => errorOf(synthesis, picture, grids, network, tiling), isSynthesis);
    try {
      return await packNetwork(
        parameters,
        networkParts(this.options, channels),
        async (candidate, networkBits) =>
          (await error(candidate)) + (lambda * (bits(candidate) + networkBits)) / (width * height),
        knownNetwork(this.options, channels, gain),
      );
    } finally {
      await synthesis.dispose();
    }
  }
}

/** Mean squared error of some tiles. */
async function errorOf(
  synthesis: TileSynthesis,
  picture: Picture,
  grids: readonly PaddedGrid[],
  network: Network,
  tiling: Tiling,
): Promise<number> {
  const stride = Math.max(1, Math.ceil(tiling.count / JUDGED_TILES));
  let [sum, count] = [0, 0];
  for (let tile = 0; tile < tiling.count; tile += stride) {
    const pixels = await synthesis.pixels(network, grids, tile);
    const { target, mask } = pieceTarget(picture, tiling, tile);
    const plane = mask.data.length;
    for (let i = 0; i < pixels.length; i++) {
      const weight = mask.data[i % plane]!;
      const clipped = Math.max(0, Math.min(1, pixels[i]!));
      sum += weight * (clipped - target.data[i]!) ** 2;
      count += weight;
    }
  }
  return sum / count;
}

export const latentImage = {
  media: 'image',
  options,
  create: (chosen: LatentImageOptions): Representation<'image'> => new LatentImage(chosen),
} as const;

function isContext(name: string): boolean {
  return name.startsWith('context.');
}

function isSynthesis(name: string): boolean {
  return !isContext(name);
}
