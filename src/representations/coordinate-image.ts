import { z } from 'zod';
import { ByteCursor } from '../bitstream/byte-cursor.ts';
import { writeVarint } from '../bitstream/varint.ts';
import { bitDepthOf, type RasterImage } from '../core/signal.ts';
import type { HostTensor } from '../core/tensor.ts';
import type { Engine } from '../engine/engine.ts';
import { badPayload } from '../entropy/entropy-coder.ts';
import { runFit } from '../fitting/loop.ts';
import { packNetwork, unpackNetwork } from '../fitting/network.ts';
import type { FitOptions, Fitted, FormatOf, Representation } from '../fitting/representation.ts';
import { layerShapes, type SineShape } from './coordinate-image/network.ts';
import { parametrisationOf, valuesOf } from './coordinate-image/parametrisation.ts';
import { PointSampler } from './coordinate-image/points.ts';
import { BITS_PER_VALUE, CoordinateProblem } from './coordinate-image/problem.ts';
import { meanSquaredError, type Picture, pictureOf } from './latent-image/picture.ts';
import { assertDecodable, assertFittable } from './limits.ts';

type Network = ReadonlyMap<string, HostTensor>;
type Format = FormatOf['image'];

/** Pixels computed at once. */
const BATCH = 1 << 13;
/** Batches by which steps of quantization are judged. */
const JUDGED_BATCHES = 4;
const MIN_WIDTH = 4;
/** So that no payload can ask for more memory than a picture may take. */
const MAX_WIDTH = 256;
const MAX_BLOCK = 1024;
/** Bits per pixel that a lambda asks for, about: as much as latents take, see docs/inr.md. */
const bitsPerPixelAt = (lambda: number) => 0.3 * (lambda / 1e-3) ** -0.65;

const options = z.strictObject({
  layers: z.int().min(1).max(16).default(8).describe('hidden layers of sines'),
  projection: z
    .strictObject({
      code: z.int().min(1).max(MAX_BLOCK).describe('values of a block of the code'),
      weights: z.int().min(1).max(MAX_BLOCK).describe('weights that a fixed random matrix makes of them'),
    })
    .refine(({ code, weights }) => code <= weights, 'a block has more values than it makes weights of')
    .optional()
    .describe('a code is fitted, which weights are made of; the weights themselves when absent'),
});

type Options = z.output<typeof options>;

/** A picture as a network from coordinates to samples: nothing but its weights, or a code for them, is in the file. */
class CoordinateImage implements Representation<'image'> {
  private readonly options: Options;

  constructor(chosen: Options) {
    this.options = chosen;
  }

  async fit(raster: RasterImage, fitOptions: FitOptions): Promise<Fitted> {
    const { engine, lambda, seed } = fitOptions;
    assertFittable(raster.width * raster.height * raster.channels, 'bad-image');
    const picture = pictureOf(raster);
    const { width, height, channels } = picture;
    const from = fitOptions.from as End | undefined;
    const units = this.widthFor(channels, (width * height * bitsPerPixelAt(lambda)) / BITS_PER_VALUE);
    const parametrisation = this.parametrisation(units, channels);
    const start = from?.units === units ? from.parameters : parametrisation.fresh(seed);
    const batch = Math.min(BATCH, width * height);
    const problem = new CoordinateProblem(picture, parametrisation, start, batch);
    const { parameters, interrupted } = await runFit(problem, fitOptions);
    const sampler = await PointSampler.create(engine, parametrisation, batch);
    const costOf = async (candidate: Network, bits: number) =>
      (await errorOf(sampler, candidate, picture, batch)) + (lambda * bits) / (width * height);
    const packed = await packNetwork(parameters, parametrisation.parts, costOf).finally(() =>
      sampler.dispose(),
    );
    const head: number[] = [];
    writeVarint(units, head);
    const payload = Uint8Array.from([...head, ...packed.bytes]);
    const format = { width, height, channels: raster.channels, bitDepth: bitDepthOf(raster) };
    const decoded = pictureOf(await this.decode(payload, format, engine));
    return {
      payload,
      meanSquaredError: meanSquaredError(decoded, picture),
      interrupted,
      bytes: packed.partBytes,
      end: { units, parameters } satisfies End,
    };
  }

  async decode(payload: Uint8Array, format: Format, engine: Engine): Promise<RasterImage> {
    const { width, height, channels, bitDepth } = format;
    assertDecodable(width * height * channels);
    const { parametrisation, network } = this.read(payload, channels);
    const pixels = width * height;
    const batch = Math.min(BATCH, pixels);
    const sampler = await PointSampler.create(engine, parametrisation, batch);
    const data = new (bitDepth === 16 ? Uint16Array : Uint8Array)(pixels * channels);
    const peak = 2 ** bitDepth - 1;
    try {
      for (let at = 0; at < pixels; at += batch) {
        const some = Int32Array.from({ length: Math.min(batch, pixels - at) }, (_, i) => at + i);
        const samples = await sampler.samples(network, some, width, height);
        for (const [i, sample] of samples.entries()) {
          data[at * channels + i] = Math.round(Math.max(0, Math.min(1, sample)) * peak);
        }
      }
    } finally {
      await sampler.dispose();
    }
    return { kind: 'image', width, height, channels, data };
  }

  inspect(payload: Uint8Array, { channels }: Format) {
    const shape = this.shape(this.read(payload, channels).units, channels);
    const { layers, width } = shape;
    const macPerPixel = layerShapes(shape).reduce((sum, { shape: [i, o] }) => sum + (i - 1) * o, 0);
    return { macPerPixel, values: valuesOf(shape, this.options.projection), layers, width };
  }

  private read(payload: Uint8Array, channels: number) {
    const cursor = new ByteCursor(payload);
    const units = cursor.varint();
    if (!cursor.failure && (units < MIN_WIDTH || units > MAX_WIDTH)) cursor.fail(`a width of ${units}`);
    if (cursor.found) throw badPayload(cursor.found, 'the weights of a picture');
    const parametrisation = this.parametrisation(units, channels);
    const network: Network = unpackNetwork(cursor, parametrisation.parts);
    if (!cursor.failure && cursor.offset < payload.length) cursor.fail('more bytes than weights');
    if (cursor.found) throw badPayload(cursor.found, 'the weights of a picture');
    return { units, parametrisation, network };
  }

  /** The width of hidden layers with about so many values. */
  private widthFor(channels: number, values: number): number {
    const enough = (units: number) =>
      valuesOf(this.shape(units, channels), this.options.projection) >= values;
    let units = MIN_WIDTH;
    while (units < MAX_WIDTH && !enough(units)) units++;
    return units;
  }

  private shape(width: number, channels: number): SineShape {
    return { layers: this.options.layers, width, channels };
  }

  private parametrisation(width: number, channels: number) {
    return parametrisationOf(this.shape(width, channels), this.options.projection);
  }
}

interface End {
  /** Of a hidden layer. */
  readonly units: number;
  readonly parameters: ReadonlyMap<string, HostTensor>;
}

/** Mean squared error of pixels spread over the picture. */
async function errorOf(
  sampler: PointSampler,
  network: Network,
  { width, height, channels, data }: Picture,
  batch: number,
): Promise<number> {
  const count = Math.min(width * height, JUDGED_BATCHES * batch);
  const every = (width * height) / count;
  let sum = 0;
  for (let at = 0; at < count; at += batch) {
    const length = Math.min(batch, count - at);
    const pixels = Int32Array.from({ length }, (_, i) => Math.floor((at + i) * every));
    const samples = await sampler.samples(network, pixels, width, height);
    for (let i = 0; i < samples.length; i++) {
      const sample = Math.max(0, Math.min(1, samples[i]!));
      sum += (sample - data[pixels[Math.floor(i / channels)]! * channels + (i % channels)]!) ** 2;
    }
  }
  return sum / (count * channels);
}

export const coordinateImage = {
  media: 'image',
  options,
  create: (chosen: Options): Representation<'image'> => new CoordinateImage(chosen),
} as const;
