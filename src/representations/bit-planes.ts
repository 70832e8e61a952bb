import { z } from 'zod';
import { ByteCursor } from '../bitstream/byte-cursor.ts';
import { CodecError } from '../core/errors.ts';
import {
  type AudioSignal,
  assertValidAudio,
  bitDepthOf,
  lengthSamples,
  type RasterImage,
} from '../core/signal.ts';
import type { HostTensor } from '../core/tensor.ts';
import { badPayload } from '../entropy/entropy-coder.ts';
import { runFit } from '../fitting/loop.ts';
import { packNetwork, unpackNetwork } from '../fitting/network.ts';
import type {
  FitOptions,
  Fitted,
  FormatOf,
  Media,
  Representation,
  SignalOf,
} from '../fitting/representation.ts';
import { AudioLayout, audioShape } from './bit-planes/audio-layout.ts';
import { ImageLayout, imageShape } from './bit-planes/image-layout.ts';
import type { LayoutShape, SampleLayout } from './bit-planes/layout.ts';
import { partsOf } from './bit-planes/network.ts';
import { BitPlaneProblem, startOf } from './bit-planes/problem.ts';
import { rowsOf } from './bit-planes/rows.ts';
import { decodeSamples, encodeSamples } from './bit-planes/samples.ts';
import { assertDecodable, assertFittable } from './limits.ts';

/** Samples of all channels that are decoded at once, at most: what a file may ask for. */
const MAX_SAMPLES = 2 ** 29;

const options = z.strictObject({
  hidden: z
    .int()
    .min(1)
    .max(64)
    .default(16)
    .describe('hidden units of the network that tells how far samples spread'),
});

type Options = z.output<typeof options>;

/** How signals of a medium are whole numbers in an order. */
interface Numbers<M extends Media> {
  /** Throws for signals that are not. */
  readonly code: 'bad-image' | 'bad-audio';
  samples(signal: SignalOf[M]): { readonly format: FormatOf[M]; readonly samples: ArrayLike<number> };
  shape(format: FormatOf[M]): LayoutShape;
  layout(format: FormatOf[M]): SampleLayout;
  signal(samples: Uint16Array, format: FormatOf[M]): SignalOf[M];
}

/**
 * A signal without loss, as bit planes of its samples: a small network in integers, fitted to the signal, tells from what came
 * before, and from the place, where each sample lies and how surely; its bits are coded with the probabilities that follow
 * from that. What the network misses costs bits, not exactness. After the bit-plane decomposition of Han et al. (CVPR
 * 2025), whose network sees coordinates alone and stands for the signal itself.
 */
class BitPlanes<M extends Media> implements Representation<M> {
  readonly lossless = true;
  private readonly numbers: Numbers<M>;
  private readonly hidden: number;

  constructor(numbers: Numbers<M>, { hidden }: Options) {
    this.numbers = numbers;
    this.hidden = hidden;
  }

  async fit(signal: SignalOf[M], fitOptions: FitOptions): Promise<Fitted> {
    const { numbers, hidden } = this;
    const { format, samples } = numbers.samples(signal);
    const shape = numbers.shape(format);
    const layout = numbers.layout(format);
    assertFittable(layout.samples, numbers.code, MAX_SAMPLES);
    const rows = rowsOf(samples, layout);
    const start =
      (fitOptions.from as ReadonlyMap<string, HostTensor> | undefined) ??
      startOf(rows, shape, hidden, fitOptions.seed);
    const problem = new BitPlaneProblem(rows, shape, layout.depth, start);
    const { parameters, interrupted } = await runFit(problem, fitOptions);
    const packed = await packNetwork(parameters, partsOf(shape, hidden), async () => 0);
    const planes = encodeSamples(samples, layout, packed.network);
    return {
      payload: Buffer.concat([packed.bytes, planes]),
      meanSquaredError: 0,
      interrupted,
      bytes: { ...packed.partBytes, planes: planes.length },
      end: parameters,
    };
  }

  async decode(payload: Uint8Array, format: FormatOf[M]): Promise<SignalOf[M]> {
    const layout = this.layout(format);
    const { network, planes } = this.read(payload, format);
    const samples = new Uint16Array(layout.samples);
    decodeSamples(planes, layout, network, samples);
    return this.numbers.signal(samples, format);
  }

  inspect(payload: Uint8Array, format: FormatOf[M]) {
    const layout = this.layout(format);
    const { planes } = this.read(payload, format);
    return {
      bitsPerSample: Number(((8 * payload.length) / layout.samples).toFixed(4)),
      networkBytes: payload.length - planes.length,
      planeBytes: planes.length,
      depth: layout.depth,
    };
  }

  private layout(format: FormatOf[M]): SampleLayout {
    const layout = this.numbers.layout(format);
    assertDecodable(layout.samples, MAX_SAMPLES);
    return layout;
  }

  private read(payload: Uint8Array, format: FormatOf[M]) {
    const cursor = new ByteCursor(payload);
    const network = unpackNetwork(cursor, partsOf(this.numbers.shape(format), this.hidden));
    if (cursor.found) throw badPayload(cursor.found, 'a whole network');
    return { network, planes: payload.subarray(cursor.offset) };
  }
}

const pictures: Numbers<'image'> = {
  code: 'bad-image',
  samples: (picture) => {
    const { width, height, channels, data } = picture;
    return { samples: data, format: { width, height, channels, bitDepth: bitDepthOf(picture) } };
  },
  shape: ({ channels }) => imageShape(channels),
  layout: ({ width, height, channels, bitDepth }) => new ImageLayout(width, height, channels, bitDepth),
  signal: (samples, { width, height, channels, bitDepth }): RasterImage => {
    const data = bitDepth === 16 ? samples : Uint8Array.from(samples);
    return { kind: 'image', width, height, channels, data };
  },
};

const FULL_SCALE = 2 ** 15;

const sound: Numbers<'audio'> = {
  code: 'bad-audio',
  samples: (signal) => {
    assertValidAudio(signal, 'cannot encode this sound');
    const { channels, sampleRateHz } = signal;
    const length = lengthSamples(signal);
    const samples = new Uint16Array(length * channels.length);
    for (const [c, values] of channels.entries()) {
      for (let t = 0; t < length; t++) samples[t * channels.length + c] = wholeOf(values[t]!, t);
    }
    return { samples, format: { sampleRateHz, channels: channels.length, lengthSamples: length } };
  },
  shape: ({ channels }) => audioShape(channels),
  layout: ({ lengthSamples: length, channels }) => new AudioLayout(length, channels, 16),
  signal: (samples, { sampleRateHz, channels, lengthSamples: length }): AudioSignal => ({
    kind: 'audio',
    sampleRateHz,
    channels: Array.from({ length: channels }, (_, c) =>
      Float32Array.from({ length }, (__, t) => samples[t * channels + c]! / FULL_SCALE - 1),
    ),
  }),
};

/** A sample of 16 bits as a whole number from 0. */
function wholeOf(sample: number, t: number): number {
  const value = sample * FULL_SCALE;
  if (Number.isInteger(value) && value >= -FULL_SCALE && value < FULL_SCALE) return value + FULL_SCALE;
  throw new CodecError('bad-audio', {
    what: 'cannot encode this sound without loss',
    found: `${sample} at sample ${t}`,
    expected: '16-bit samples',
    remedy: 'Convert it first, e.g. ffmpeg -i IN -c:a pcm_s16le OUT.wav',
  });
}

export const bitPlaneImage = {
  media: 'image',
  options,
  create: (chosen: Options): Representation<'image'> => new BitPlanes(pictures, chosen),
} as const;

export const bitPlaneAudio = {
  media: 'audio',
  options,
  create: (chosen: Options): Representation<'audio'> => new BitPlanes(sound, chosen),
} as const;
