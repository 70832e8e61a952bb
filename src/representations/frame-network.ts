import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { CodecError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import type { Clip } from '../core/signal.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import type { Engine } from '../engine/engine.ts';
import { trace } from '../engine/onnx/trace.ts';
import { badPayload } from '../entropy/entropy-coder.ts';
import { runFit } from '../fitting/loop.ts';
import { packNetwork } from '../fitting/network.ts';
import type {
  FitOptions,
  Fitted,
  FormatOf,
  PictureRange,
  Representation,
} from '../fitting/representation.ts';
import { ConstantParams, FreshParams } from '../nn/params.ts';
import { blockNames } from './frame-network/blocks.ts';
import { decodeFrame } from './frame-network/decoder.ts';
import { embeddingOptions, encodeContent } from './frame-network/embeddings.ts';
import { type Geometry, geometryOf, padFrame } from './frame-network/geometry.ts';
import { macPerPixel } from './frame-network/mac.ts';
import {
  type Embeddings,
  embeddingLevels,
  type Parts,
  partsOf,
  readPayload,
  readWidth,
  writePayload,
} from './frame-network/payload.ts';
import { FrameSynthesis } from './frame-network/pictures.ts';
import { type FrameNetworkSizes, type Plan, planOf, shapesFor, startOf } from './frame-network/plan.ts';
import { FrameNetworkProblem } from './frame-network/problem.ts';

type Network = ReadonlyMap<string, HostTensor>;
type Format = FormatOf['video'];

/** Of decoded pictures in memory. */
const MAX_BYTES = 2 ** 32;

const MAX_PARAMETERS = 2 ** 24;
/** What a value of a network takes in a file at most, of those measured (docs/inr-video.md). */
const BITS_PER_VALUE = 4.2;

const count = z.int().positive();

const options = z.strictObject({
  embedding: embeddingOptions.describe('what frames are made from'),
  blocks: z.enum(blockNames).describe('how the decoder makes them larger'),
  parameters: count
    .max(MAX_PARAMETERS)
    .default(350_000)
    .describe('values in the file: decoder and embeddings; the file tells what it has'),
  encoderWidth: count.max(1024).default(64).describe('channels of the encoder that makes content embeddings'),
  reduction: z.number().min(1).max(4).default(1.2).describe('ratio of channels from block to block'),
  fewestChannels: count.max(64).default(12),
  kernel: z
    .literal([1, 3, 5])
    .default(1)
    .describe('taps on a side of the first convolution; two more in each next'),
  largestKernel: z.literal([1, 3, 5, 7]).default(5),
});

/**
 * A video as a decoder network of its own that makes any one of its frames, from an embedding of the frame that is kept beside
 * the network or from the frame's place in time.
 */
class FrameNetwork implements Representation<'video'> {
  private readonly sizes: FrameNetworkSizes;

  constructor(sizes: FrameNetworkSizes) {
    this.sizes = sizes;
  }

  async fit(clip: Clip, fitOptions: FitOptions): Promise<Fitted> {
    const { engine, lambda, seed } = fitOptions;
    const { width, height, pictures } = clip;
    if (pictures.length === 0) {
      throw new CodecError('bad-video', { what: 'cannot encode this video', found: 'no frames' });
    }
    const geometry = geometryOf(width, height);
    const plan = planOf(this.sizes, geometry, pictures.length);
    const start = (fitOptions.from as Network | undefined) ?? this.fresh(geometry, plan, seed);
    const problem = new FrameNetworkProblem(clip, this.sizes, geometry, plan, { parameters: start, lambda });
    const { parameters, interrupted } = await runFit(problem, fitOptions);
    // Steps and levels are those that the end of the fit was made for.
    const packed = await packNetwork(parameters, partsOf(plan.shapes), async () => 0, undefined, 0);
    const embeddings = await this.embed(clip, geometry, parameters, plan, engine);
    const payload = writePayload(plan.width, packed.bytes, embeddings);
    return {
      payload,
      meanSquaredError: await this.error(clip, payload, engine),
      interrupted,
      bytes: { network: packed.bytes.length, embeddings: payload.length - packed.bytes.length },
      end: parameters,
    };
  }

  sizedFor({ width, height, pictures }: Clip, bits: number): FrameNetwork {
    const parameters = Math.min(MAX_PARAMETERS, Math.floor(bits / BITS_PER_VALUE));
    // Throws where there is no such network.
    planOf({ ...this.sizes, parameters }, geometryOf(width, height), pictures.length);
    return new FrameNetwork({ ...this.sizes, parameters });
  }

  async decode(payload: Uint8Array, format: Format, engine: Engine, range?: PictureRange): Promise<Clip> {
    const { width, height, rateNumerator, rateDenominator, lengthPictures } = format;
    const { from, to } = range ?? { from: 0, to: lengthPictures };
    const bytes = width * height * 3 * (to - from);
    if (bytes > MAX_BYTES) throw badPayload(`${to - from} pictures of ${width} x ${height}`, 'at most 4 GiB');
    const pictures: Uint8Array[] = [];
    for await (const picture of this.pictures(payload, format, engine, from, to)) pictures.push(picture);
    return { kind: 'clip', width, height, rateNumerator, rateDenominator, pictures };
  }

  inspect(payload: Uint8Array, format: Format) {
    const { geometry, parts } = this.read(payload, format);
    const { network, networkBytes, embeddingBytes, width } = parts;
    let decoderValues = 0;
    for (const { data } of network.values()) decoderValues += data.length;
    return {
      macPerPixel: macPerPixel(width, this.sizes, geometry, format),
      networkBytes,
      embeddingBytes,
      decoderValues,
      decoderWidth: width,
      strides: geometry.strides.join(' '),
      grid: geometry.grid.join(' x '),
    };
  }

  private async *pictures(payload: Uint8Array, format: Format, engine: Engine, from: number, to: number) {
    const { geometry, parts } = this.read(payload, format);
    const synthesis = await FrameSynthesis.create(engine, this.sizes, geometry, parts);
    try {
      for (let i = from; i < to; i++) yield await synthesis.picture(i, format);
    } finally {
      await synthesis.dispose();
    }
  }

  private read(
    payload: Uint8Array,
    { width, height, lengthPictures }: Format,
  ): { geometry: Geometry; parts: Parts } {
    const geometry = geometryIn(width, height);
    const shapes = shapesFor(readWidth(payload), this.sizes, geometry);
    const { embedding } = this.sizes;
    const [rows, columns] = geometry.grid;
    const values = embedding.type === 'content' ? rows * columns * embedding.channels : 0;
    return { geometry, parts: readPayload(payload, shapes, { values, pictures: lengthPictures }) };
  }

  /** Every frame's embedding, as the decoder will have it. */
  private async embed(
    clip: Clip,
    geometry: Geometry,
    parameters: Network,
    { embeddingValues: values }: Plan,
    engine: Engine,
  ): Promise<Embeddings | undefined> {
    const { embedding } = this.sizes;
    if (embedding.type !== 'content') return undefined;
    const params = new ConstantParams(parameters);
    const graph = await engine.compile((io) => {
      const frame = io.input('frame', [1, ...geometry.padded, 3]) as tf.Tensor4D;
      io.output('embedding', encodeContent(frame, embedding, this.sizes.encoderWidth, geometry, params));
    });
    const all = new Float32Array(clip.pictures.length * values);
    try {
      for (const [i, picture] of clip.pictures.entries()) {
        const frame = padFrame(picture, clip.width, clip.height, geometry.padded);
        const results = await graph.run(() => float32([1, ...geometry.padded, 3], frame));
        all.set(results.embedding!.data, i * values);
      }
    } finally {
      await graph.dispose();
    }
    return embeddingLevels(all, values);
  }

  /** Of the decoded frames, samples in [0, 1]. */
  private async error(clip: Clip, payload: Uint8Array, engine: Engine): Promise<number> {
    const format = { ...clip, lengthPictures: clip.pictures.length };
    let [sum, i] = [0, 0];
    for await (const picture of this.pictures(payload, format, engine, 0, clip.pictures.length)) {
      const original = clip.pictures[i++]!;
      for (let j = 0; j < picture.length; j++) sum += (picture[j]! - original[j]!) ** 2;
    }
    return sum / (clip.pictures.length * clip.pictures[0]!.length * 255 ** 2);
  }

  private fresh(geometry: Geometry, { width }: Plan, seed: number): Network {
    const params = new FreshParams(new Rng(seed));
    const { sizes } = this;
    trace((io) => {
      const frame = io.input('frame', [1, ...geometry.padded, 3]) as tf.Tensor4D;
      const start =
        sizes.embedding.type === 'content'
          ? encodeContent(frame, sizes.embedding, sizes.encoderWidth, geometry, params)
          : startOf(sizes, geometry, io.input, params);
      io.output('y', decodeFrame(start, width, sizes, geometry, params));
    });
    return params.weights;
  }
}

/** Of a file. Throws `bad-container` for frames that no network can make. */
function geometryIn(width: number, height: number): Geometry {
  try {
    return geometryOf(width, height);
  } catch {
    throw badPayload(`frames of ${width} x ${height}`, 'frames that a network can be fitted to');
  }
}

export const frameNetwork = {
  media: 'video',
  options,
  // A file says how wide its decoder is, and needs no encoder.
  encoderOptions: ['parameters', 'encoderWidth'],
  create: (sizes: FrameNetworkSizes): Representation<'video'> => new FrameNetwork(sizes),
} as const;
