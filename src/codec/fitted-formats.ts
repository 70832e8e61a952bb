import type { ContainerHeader } from '../bitstream/container.ts';
import { type AudioSignal, bitDepthOf, type Clip, lengthSamples, type RasterImage } from '../core/signal.ts';
import type { FormatOf, Media, SignalOf } from '../fitting/representation.ts';

type Header<M extends Media> = Extract<ContainerHeader, { kind: M }>;
type Identity = {
  recipeId: number;
  recipeName?: string;
  fingerprint: Uint8Array;
};
/** What all fitted files have: no codebooks, and a frame that stands for the whole signal. */
const FITTED = { codebooks: 0, framesPerChunk: 1 } as const;

/** How the signals of a medium and the headers of their files correspond. */
export interface MediaFormat<M extends Media> {
  header(signal: SignalOf[M], identity: Identity): Header<M>;
  /** Of the end record. */
  length(signal: SignalOf[M]): number;
  format(header: Header<M>, length: number): FormatOf[M];
  /** What rates are per: pixels, of all pictures, or samples of all channels. */
  units(format: FormatOf[M]): number;
  /** How long it lasts, if it does. */
  seconds?(format: FormatOf[M]): number;
}

export const fittedFormats: { readonly [M in Media]: MediaFormat<M> } = {
  image: {
    header: (picture, identity) => {
      const { width, height, channels } = picture;
      const { codebooks } = FITTED;
      return {
        kind: 'image',
        ...identity,
        width,
        height,
        channels,
        bitDepth: bitDepthOf(picture),
        codebooks,
      };
    },
    length: () => 1,
    format: ({ width, height, channels, bitDepth }) => ({
      width,
      height,
      channels: channels as RasterImage['channels'],
      bitDepth: bitDepth > 8 ? 16 : 8,
    }),
    units: ({ width, height }) => width * height,
  },
  video: {
    header: ({ width, height, rateNumerator, rateDenominator }, identity) => {
      return {
        kind: 'video',
        ...identity,
        width,
        height,
        rateNumerator,
        rateDenominator,
        ...FITTED,
      };
    },
    length: ({ pictures }) => pictures.length,
    format: ({ width, height, rateNumerator, rateDenominator }, lengthPictures) => {
      return { width, height, rateNumerator, rateDenominator, lengthPictures };
    },
    units: ({ width, height, lengthPictures }) => width * height * lengthPictures,
    seconds: ({ rateNumerator, rateDenominator, lengthPictures }) =>
      (lengthPictures * rateDenominator) / rateNumerator,
  },
  audio: {
    header: ({ sampleRateHz, channels }, identity) => {
      return {
        kind: 'audio',
        ...identity,
        sampleRateHz,
        channels: channels.length,
        ...FITTED,
      };
    },
    length: lengthSamples,
    format: ({ sampleRateHz, channels }, length) => ({
      sampleRateHz,
      channels,
      lengthSamples: length,
    }),
    units: ({ channels, lengthSamples: length }) => length * channels,
    seconds: ({ sampleRateHz, lengthSamples: length }) => length / sampleRateHz,
  },
};

const MEDIA_OF = { image: 'image', clip: 'video', audio: 'audio' } as const;

function formatOf(signal: RasterImage | Clip | AudioSignal): MediaFormat<Media> {
  return fittedFormats[MEDIA_OF[signal.kind]] as never;
}

/** The header of a signal's file, the frames of each chunk, and the length for its end record. */
export function headerOf(signal: SignalOf[Media], identity: Identity) {
  const format = formatOf(signal);
  const header: ContainerHeader = format.header(signal, identity);
  return {
    header,
    frames: 'framesPerChunk' in header ? 1 : 0,
    length: format.length(signal),
  };
}

/** What the rate of a file or signal is told in. */
export interface RateUnits {
  /** Pixels, of all pictures, or samples of all channels. */
  readonly units: number;
  /** Of what lasts. */
  readonly seconds: number | undefined;
}

export function rateUnitsOfFormat({ media, format }: { media: Media; format: FormatOf[Media] }): RateUnits {
  const formats: MediaFormat<Media> = fittedFormats[media] as never;
  return { units: formats.units(format), seconds: formats.seconds?.(format) };
}

export function rateUnitsOf(signal: SignalOf[Media]): RateUnits {
  const media = MEDIA_OF[signal.kind];
  const formats: MediaFormat<Media> = fittedFormats[media] as never;
  const header = formats.header(signal, {
    recipeId: 1,
    fingerprint: new Uint8Array(8),
  });
  return rateUnitsOfFormat({ media, format: formats.format(header, formats.length(signal)) });
}

/** Bits per pixel or sample, and per second of what lasts. */
export function ratesOf(bytes: number, { units, seconds }: RateUnits): { bpp: number; kbps?: number } {
  const bits = 8 * bytes;
  return { bpp: bits / units, ...(seconds !== undefined && { kbps: bits / 1000 / seconds }) };
}
