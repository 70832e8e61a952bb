import type { ByteStream } from '../bitstream/byte-feed.ts';
import { type ContainerHeader, framesPerChunkOf, maxPayloadBytes } from '../bitstream/container.ts';
import { type ContainerReader, openContainer } from '../bitstream/container-reader.ts';
import { writeContainer } from '../bitstream/container-writer.ts';
import { toHex } from '../bitstream/fields.ts';
import { CodecError } from '../core/errors.ts';
import type { Engine } from '../engine/engine.ts';
import type { FitProgress } from '../fitting/loop.ts';
import type {
  FitSettings,
  Fitted,
  FormatOf,
  Media,
  PictureRange,
  Representation,
  SignalOf,
} from '../fitting/representation.ts';
import { FitCheckpoints } from './fit-checkpoints.ts';
import {
  fittedFormats,
  headerOf,
  type MediaFormat,
  type RateUnits,
  ratesOf,
  rateUnitsOf,
} from './fitted-formats.ts';
import { withinRate } from './rate-search.ts';

/** What a fitted codec is made of. */
export interface FittedParts {
  readonly name: string;
  /** Number of a recipe of the package; 0 for others. */
  readonly id: number;
  /** Of everything decoding needs to know besides the file. */
  readonly fingerprint: Uint8Array;
  /** The whole recipe, on which its fits depend, as JSON. */
  readonly recipe: string;
  readonly media: Media;
  readonly representation: Representation<Media>;
  readonly settings: FitSettings;
  /** Steps of each preset. */
  readonly presets: Readonly<Record<string, { readonly steps: number }>>;
  readonly preset: string;
  readonly lambda: { readonly coarse: number; readonly fine: number };
  readonly quality: number;
}

export interface FittedEncodeOptions {
  /** One of the recipe's; its own if absent. */
  readonly preset?: string;
  /** Instead of a preset's. */
  readonly steps?: number;
  /** 1 to 100; the recipe's if absent. */
  readonly quality?: number;
  /** At most this many bits of file per pixel, or per sample of sound; instead of a quality. */
  readonly bpp?: number;
  /** At most so many kbps of file, of what lasts; instead of a quality. */
  readonly bitrateKbps?: number;
  /** Default 0. */
  readonly seed?: number;
  /** `fit` counts from 1 where a rate takes several. */
  readonly onProgress?: (progress: FitProgress & { readonly fit: number; readonly lambda: number }) => void;
  /** Ends the fit early with the best so far; aborted with a `CodecError`, by throwing that. */
  readonly abort?: AbortSignal;
  /**
   * A folder where the fit is kept once a minute and when it ends: encoding the same again with the same options goes on from there, to
   * the same file. `removeFitCheckpoints` clears it.
   */
  readonly checkpoint?: string;
}

export interface FittedFile {
  readonly bytes: Uint8Array;
  /** Bits of file per pixel, or per sample of sound. */
  readonly bpp: number;
  /** Of what lasts. */
  readonly kbps?: number;
  /** Peak signal-to-noise ratio of the decoded signal, for pictures and video as rounded to their bit depth; Infinity without loss. */
  readonly psnrDb: number;
  readonly lambda: number;
  readonly interrupted: boolean;
  /** Time that fits took before this call, which went on with what `checkpoint` had. */
  readonly earlierSeconds: number;
  readonly partBytes: Readonly<Record<string, number>>;
}

/** A fitted file opened for decoding. */
export interface OpenFitted<M extends Media = Media> {
  readonly media: M;
  readonly header: ContainerHeader;
  readonly format: FormatOf[M];
  readonly payload: Uint8Array;
}

/** Codes signals by fitting a small network to each: no trained weights, slow to encode, fast to decode. */
export class FittedCodec {
  readonly parts: FittedParts;
  private readonly engine: Engine;

  constructor(parts: FittedParts, engine: Engine) {
    this.parts = parts;
    this.engine = engine;
  }

  /**
   * A signal as the bytes of a .codec file.
   * @throws `bad-argument` for an unknown preset, options out of range or a rate that cannot be reached; `bad-image`,
   *   `bad-video` or `bad-audio` for signals that the recipe cannot hold
   */
  async encode(signal: SignalOf[Media], options: FittedEncodeOptions = {}): Promise<FittedFile> {
    assertOptions(options);
    const { settings } = this.parts;
    // What no file can hold is refused before the fit, not after it.
    await this.fileOf(signal, new Uint8Array(0));
    const rateUnits = rateUnitsOf(signal);
    const bound = this.boundOf(rateUnits, options);
    if (bound && this.parts.representation.lossless) {
      throw new CodecError('bad-argument', {
        what: `${this.parts.name} codes without loss, at the rate that takes`,
        found: `a bound of ${bound.say(bound.bpp)}`,
        remedy: 'Leave it out, or take a recipe with loss.',
      });
    }
    const representation =
      (bound && this.parts.representation.sizedFor?.(signal, bound.bpp * rateUnits.units)) ||
      this.parts.representation;
    const steps = options.steps ?? this.stepsOf(options.preset ?? this.parts.preset);
    const lambda = this.lambdaOf(options.quality ?? this.parts.quality);
    const seed = options.seed ?? 0;
    const about = [this.parts.recipe, toHex(this.parts.fingerprint), bound?.bpp, steps, lambda, seed];
    const { checkpoint } = options;
    const checkpoints = checkpoint === undefined ? undefined : new FitCheckpoints(checkpoint, about, signal);
    let fits = 0;
    const fitOnce = async (lambda: number, share: number, from: Fitted | undefined): Promise<Attempt> => {
      const fit = ++fits;
      const fitted = await representation.fit(signal, {
        engine: this.engine,
        settings: from ? { ...settings, learningRate: settings.learningRate / 2 } : settings,
        steps: Math.max(1, Math.round(steps * share)),
        lambda,
        seed,
        ...(checkpoints && { checkpoint: checkpoints.of(fit) }),
        ...(from && { from: from.end }),
        ...(options.abort && { abort: options.abort }),
        onProgress: (progress) => options.onProgress?.({ ...progress, fit, lambda }),
      });
      const bytes = await this.fileOf(signal, fitted.payload);
      return {
        fitted,
        bytes,
        lambda,
        bpp: ratesOf(bytes.length, rateUnits).bpp,
      };
    };
    const search = async () => {
      if (bound) return withinRate(bound.bpp, lambda, fitOnce, bound.say);
      const only = await fitOnce(lambda, 1, undefined);
      return { ...only, interrupted: only.fitted.interrupted };
    };
    const best = await search();
    return {
      bytes: best.bytes,
      ...ratesOf(best.bytes.length, rateUnits),
      lambda: best.lambda,
      psnrDb: -10 * Math.log10(best.fitted.meanSquaredError),
      interrupted: best.interrupted,
      earlierSeconds: checkpoints?.earlierSeconds ?? 0,
      partBytes: best.fitted.bytes,
    };
  }

  /**
   * The signal of a .codec file, whole or as it comes.
   * @param range of a video: only these pictures, of which no others need be computed
   * @throws `bad-container`; `bad-argument` for pictures that there are not
   */
  async decode(source: ByteStream | OpenFitted, range?: PictureRange): Promise<SignalOf[Media]> {
    const opened = isOpen(source) ? source : await openFitted(await openContainer(source));
    const { header, media, payload, format } = opened;
    const { parts } = this;
    if (media !== parts.media || toHex(header.fingerprint) !== toHex(parts.fingerprint)) {
      throw new CodecError('bad-container', {
        what: `this file was not made with the recipe ${parts.name} as it is here`,
        found: `${media}, fingerprint ${toHex(header.fingerprint)}`,
        expected: `${parts.media}, fingerprint ${toHex(parts.fingerprint)}`,
        remedy: 'Give the recipe it was made with, with the same --set.',
      });
    }
    if (range) assertRange(range, format);
    return parts.representation.decode(payload, format as never, this.engine, range);
  }

  /** See `Representation.inspect`. */
  inspect({ payload, format }: OpenFitted): Readonly<Record<string, number | string>> {
    return this.parts.representation.inspect(payload, format as never);
  }

  /** The most bits per unit that options allow, and how to say such a rate as they do. */
  private boundOf(
    { units, seconds }: RateUnits,
    { bpp, bitrateKbps }: FittedEncodeOptions,
  ): Bound | undefined {
    if (bitrateKbps === undefined) {
      return bpp === undefined ? undefined : { bpp, say: (rate) => `${readable(rate)} bpp` };
    }
    if (seconds === undefined) {
      throw new CodecError('bad-argument', {
        what: `${this.parts.name} has no bitrates`,
        remedy: 'Choose with --quality or --bpp.',
      });
    }
    const kbpsOfBpp = units / seconds / 1000;
    return { bpp: bitrateKbps / kbpsOfBpp, say: (rate) => `${readable(rate * kbpsOfBpp)} kbps` };
  }

  private stepsOf(preset: string): number {
    const { presets } = this.parts;
    if (Object.hasOwn(presets, preset)) return presets[preset]!.steps;
    throw new CodecError('bad-argument', {
      what: `${this.parts.name} has no preset "${preset}"`,
      expected: Object.keys(presets).join(', '),
    });
  }

  /** Quality 1 to 100 spaces lambda evenly in its logarithm. */
  private lambdaOf(quality: number): number {
    if (!(quality >= 1 && quality <= 100)) {
      throw new CodecError('bad-argument', {
        what: 'cannot code at this quality',
        found: String(quality),
        expected: '1 to 100',
      });
    }
    const { coarse, fine } = this.parts.lambda;
    return coarse * (fine / coarse) ** ((quality - 1) / 99);
  }

  private async fileOf(signal: SignalOf[Media], payload: Uint8Array): Promise<Uint8Array> {
    const { id, name, fingerprint } = this.parts;
    const recipe = id > 0 ? { recipeId: id } : { recipeId: 0, recipeName: name };
    const { header, frames, length } = headerOf(signal, {
      ...recipe,
      fingerprint,
    });
    const file: Uint8Array[] = [];
    const chunks = pieces(payload, header).map((piece) => ({ mode: 0, frames, payload: piece }));
    for await (const part of writeContainer(header, chunks, () => length)) {
      file.push(part);
    }
    return Uint8Array.from(Buffer.concat(file));
  }
}

interface Bound {
  readonly bpp: number;
  say(rate: number): string;
}

function readable(rate: number): string {
  return String(Number(rate.toPrecision(4)));
}

export interface Attempt {
  readonly fitted: Fitted;
  readonly bytes: Uint8Array;
  readonly lambda: number;
  readonly bpp: number;
}

/** Reads a fitted file to its end. Throws `bad-container`. */
export async function openFitted(container: ContainerReader): Promise<OpenFitted> {
  const { header } = container;
  const payloads: Uint8Array[] = [];
  for await (const { payload } of container.chunks()) payloads.push(payload);
  const chunks = framesPerChunkOf(header) === 0 ? 1 : container.end?.chunks;
  if (container.damages.length > 0 && payloads.length !== chunks) {
    throw new CodecError('bad-container', {
      what: 'this file is damaged, and what was fitted to a signal cannot be decoded in part',
      remedy: 'Get the file again.',
    });
  }
  if (payloads.length === 0 || header.codebooks !== 0) {
    throw new CodecError('bad-container', {
      what: 'this file was not fitted to its signal',
      found: `${payloads.length} chunks, ${header.codebooks} codebooks`,
      expected: 'chunks without codebooks',
    });
  }
  const media = header.kind;
  const formats: MediaFormat<Media> = fittedFormats[media] as never;
  const format = formats.format(header as never, container.end?.lengthSamples ?? 1);
  const payload = payloads.length === 1 ? payloads[0]! : Uint8Array.from(Buffer.concat(payloads));
  return { media, header, payload, format };
}

function assertOptions({ steps, bpp, bitrateKbps, seed }: FittedEncodeOptions): void {
  const refuse = (name: string, value: number, expected: string) => {
    throw new CodecError('bad-argument', {
      what: `cannot fit with this ${name}`,
      found: `${value}`,
      expected,
    });
  };
  if (steps !== undefined && !(Number.isSafeInteger(steps) && steps >= 1)) {
    refuse('number of steps', steps, 'a whole number from 1');
  }
  for (const [name, value] of Object.entries({ bpp, bitrateKbps })) {
    if (value !== undefined && !(value > 0 && Number.isFinite(value)))
      refuse(name, value, 'a number above 0');
  }
  if (seed !== undefined && !Number.isSafeInteger(seed)) refuse('seed', seed, 'a whole number');
}

/** A payload in chunks no larger than the container allows; where it allows but one, that is the writer's to refuse. */
function pieces(payload: Uint8Array, header: ContainerHeader): Uint8Array[] {
  const most = maxPayloadBytes(header);
  if (framesPerChunkOf(header) === 0 || payload.length <= most) return [payload];
  return Array.from({ length: Math.ceil(payload.length / most) }, (_, i) =>
    payload.subarray(i * most, (i + 1) * most),
  );
}

function assertRange({ from, to }: PictureRange, format: FormatOf[Media]): void {
  const length = 'lengthPictures' in format ? format.lengthPictures : 0;
  if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && from < to && to <= length)
    return;
  throw new CodecError('bad-argument', {
    what: 'there are no such pictures in this file',
    found: to === from + 1 ? `picture ${from}` : `pictures ${from} to ${to - 1}`,
    expected: length > 0 ? `0 to ${length - 1}` : 'a video',
  });
}

function isOpen(source: ByteStream | OpenFitted): source is OpenFitted {
  return 'payload' in source;
}
