import { ByteFeed, type ByteStream } from '../bitstream/byte-feed.ts';
import { type EcdcHeader, encodeEcdcHeader, readEcdcHeader } from '../bitstream/ecdc-header.ts';
import { type Codes, sliceFrames } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import { type AudioSignal, joinBlocks, lengthSamples } from '../core/signal.ts';
import type { AudioCodec, DecodeOptions, EncodeOptions } from './audio-codec.ts';
import {
  type EcdcCodesReader,
  type EcdcCodesWriter,
  ecdcCodesReader,
  ecdcCodesWriter,
  SCALE_BYTES,
  trailing,
  truncated,
} from './ecdc-codes.ts';
import type { EcdcProfile } from './ecdc-profile.ts';
import type { CodesEncoder } from './framing.ts';

export interface EcdcEncodeOptions extends EncodeOptions {
  /** Code with the recipe's language model: smaller, much slower, and readable only on the same type of machine. */
  readonly languageModel?: boolean;
}

export interface EcdcStreamOptions extends EcdcEncodeOptions {
  /** Samples per channel to come, if known. Without it nothing is given before the end: the length comes first. */
  readonly lengthSamples?: number;
}

/** What was wrong with a file decoded with best effort. */
export interface EcdcReport {
  /** Whether all of the sound was there. */
  complete: boolean;
  problem?: CodecError;
}

/** signal -> bytes of a `.ecdc` file, as the reference EnCodec writes it. Throws as `ecdcEncoderStream`. */
export async function encodeEcdc(
  codec: AudioCodec,
  signal: AudioSignal,
  options: EcdcEncodeOptions = {},
): Promise<Uint8Array> {
  codec.assertFits(signal);
  const stream = await ecdcEncoderStream(codec, { ...options, lengthSamples: lengthSamples(signal) });
  return Buffer.concat([await stream.push(signal.channels), await stream.end()]);
}

/** bytes of a `.ecdc` file -> signal. Throws as `ecdcDecoderStream` and its blocks. */
export async function decodeEcdc(
  codec: AudioCodec,
  bytes: Uint8Array,
  options: DecodeOptions = {},
): Promise<AudioSignal> {
  const { blocks } = await ecdcDecoderStream(codec, await openEcdc(bytes), options);
  const parts: Float32Array[][] = [];
  for await (const block of blocks) parts.push(block);
  const { sampleRateHz, channels } = codec.parts;
  return { kind: 'audio', sampleRateHz, channels: joinBlocks(parts, channels) };
}

/**
 * Encodes sound that arrives bit by bit into a `.ecdc` file: `push` planar samples, write the bytes it gives, and `end`.
 * Throws `bad-recipe` when the codec's recipe does not say which of the reference's models it is.
 */
export async function ecdcEncoderStream(
  codec: AudioCodec,
  options: EcdcStreamOptions = {},
): Promise<EcdcEncoder> {
  const { model, framing } = codec.parts;
  const profile = profileOf(codec);
  const languageModel = options.languageModel ? await profile.languageModel() : undefined;
  const codebooks = codec.codebooksFor(options.bitrateKbps);
  if (languageModel) assertCovers(languageModel.sizes, codebooks);
  return new EcdcEncoder(framing.encoder(model, codebooks), ecdcCodesWriter(languageModel), {
    model: profile.model,
    codebooks,
    languageModel: languageModel !== undefined,
    lengthSamples: options.lengthSamples,
  });
}

type ExpectedHeader = Omit<EcdcHeader, 'lengthSamples'> & { readonly lengthSamples: number | undefined };

/** Samples in, bytes of a `.ecdc` file out. */
export class EcdcEncoder {
  private readonly encoder: CodesEncoder;
  private readonly writer: EcdcCodesWriter;
  private readonly header: ExpectedHeader;
  private started = false;
  /** Codes that wait for the header, which tells the length. They are a hundredth of the samples. */
  private readonly held: Uint8Array[] = [];

  /** Use `ecdcEncoderStream`. */
  constructor(encoder: CodesEncoder, writer: EcdcCodesWriter, header: ExpectedHeader) {
    this.encoder = encoder;
    this.writer = writer;
    this.header = header;
  }

  /** Takes planar samples; gives the bytes that are now certain. */
  async push(planar: readonly Float32Array[]): Promise<Uint8Array> {
    await this.code(await this.encoder.push(planar));
    return this.header.lengthSamples === undefined
      ? new Uint8Array(0)
      : this.release(this.header.lengthSamples);
  }

  /** Ends the signal; gives the rest of the file. Throws `bad-audio` when the length was not as told, or zero. */
  async end(): Promise<Uint8Array> {
    await this.code(await this.encoder.end());
    this.held.push(this.writer.endSegment());
    const { lengthSamples } = this.encoder;
    if (this.header.lengthSamples !== undefined && this.header.lengthSamples !== lengthSamples) {
      throw new CodecError('bad-audio', {
        what: 'the sound is not as long as it was said to be',
        found: `${lengthSamples} samples`,
        expected: `${this.header.lengthSamples}`,
      });
    }
    return this.release(lengthSamples);
  }

  private async code(blocks: readonly Codes[]): Promise<void> {
    for (const codes of blocks) {
      if (!codes.segments) this.held.push(await this.writer.write(codes));
      let at = 0;
      for (const { frames, scale } of codes.segments ?? []) {
        this.held.push(scaleBytes(scale), await this.writer.write(sliceFrames(codes, at, at + frames)));
        this.held.push(this.writer.endSegment());
        at += frames;
      }
    }
  }

  private release(lengthSamples: number): Uint8Array {
    const parts = this.held.splice(0);
    if (!this.started) parts.unshift(encodeEcdcHeader({ ...this.header, lengthSamples }));
    this.started = true;
    return Buffer.concat(parts);
  }
}

/** A `.ecdc` file whose header has been read. */
export interface OpenEcdc {
  readonly header: EcdcHeader;
  readonly feed: ByteFeed;
}

/** Reads the header of a `.ecdc` file. Throws `bad-container` for other files, unknown versions, damaged headers. */
export async function openEcdc(source: ByteStream | ByteFeed): Promise<OpenEcdc> {
  const feed = source instanceof ByteFeed ? source : new ByteFeed(source);
  try {
    return { header: await readEcdcHeader(feed), feed };
  } catch (error) {
    await feed.close();
    throw error;
  }
}

/**
 * Decodes a `.ecdc` file as it arrives: `blocks` of planar samples, in constant memory. Throws `bad-container` for a file
 * of another model; its blocks throw `bad-container` where it is truncated or damaged, unless `bestEffort`.
 */
export async function ecdcDecoderStream(
  codec: AudioCodec,
  { header, feed }: OpenEcdc,
  options: DecodeOptions = {},
): Promise<{ header: EcdcHeader; blocks: AsyncIterable<Float32Array[]>; report: EcdcReport }> {
  const profile = profileOf(codec);
  const { codebooks, codebookSize } = codec.parts.model.parts.quantizer;
  if (header.model !== profile.model || header.codebooks > codebooks) {
    await feed.close();
    throw new CodecError('bad-container', {
      what: `the .ecdc file does not fit the recipe ${codec.parts.name}`,
      found: `model ${header.model} with ${header.codebooks} codebooks`,
      expected: `${profile.model} with at most ${codebooks}`,
      remedy: 'Name a recipe of its model with --recipe.',
    });
  }
  const languageModel = header.languageModel ? await profile.languageModel() : undefined;
  if (languageModel) assertCovers(languageModel.sizes, header.codebooks);
  const shape = { codebooks: header.codebooks, codebookSize };
  const reader = ecdcCodesReader(feed, shape, languageModel);
  const report: EcdcReport = { complete: false };
  return { header, blocks: guarded(decode(codec, header, feed, reader), feed, options, report), report };
}

/** The sound of a file: all that comes before damage, if there is any, then the error. */
async function* decode(
  { parts: { model, framing } }: AudioCodec,
  header: EcdcHeader,
  feed: ByteFeed,
  reader: EcdcCodesReader,
): AsyncGenerator<Float32Array[]> {
  const decoder = framing.decoder(model, header.codebooks);
  const framesOf = (chunk: number) => framing.chunkFrames(model, chunk, header.lengthSamples);
  const codes = readCodes(reader, feed, framesOf, framing.segmented);
  let given = 0;
  const cut = (block: Float32Array[]) => {
    const length = Math.min(block[0]!.length, header.lengthSamples - given);
    given += length;
    return length === block[0]!.length ? block : block.map((samples) => samples.slice(0, length));
  };
  let problem: unknown;
  for (;;) {
    const next = await codes.next().catch((error: unknown) => {
      problem = error;
    });
    if (!next || next.done) break;
    yield cut(await decoder.push(next.value));
  }
  yield cut(await decoder.end());
  if (problem) throw problem;
  await feed.want(1);
  if (feed.available > 0) throw trailing(feed.position, header);
}

/** A file's codes. Segments come whole, or cut short by damage; what is no segment comes as it can be read. */
async function* readCodes(
  reader: EcdcCodesReader,
  feed: ByteFeed,
  framesOf: (chunk: number) => number,
  segmented: boolean,
): AsyncGenerator<Codes> {
  for (let chunk = 0; ; chunk++) {
    let left = framesOf(chunk);
    if (left === 0) return;
    const scale = segmented ? await readScale(feed) : 1;
    while (left > 0) {
      const codes = await reader.read(left);
      left -= codes.frames;
      yield segmented ? { ...codes, segments: [{ frames: codes.frames, scale }] } : codes;
    }
    if (segmented) reader.endSegment();
  }
}

/** A segment's scale: big-endian float32 before its codes. */
async function readScale(feed: ByteFeed): Promise<number> {
  await feed.want(SCALE_BYTES);
  const bytes = feed.take(SCALE_BYTES);
  if (bytes.length < SCALE_BYTES) throw truncated(feed.position);
  const scale = new DataView(bytes.buffer).getFloat32(0);
  if (Number.isFinite(scale) && scale >= 0) return scale;
  throw new CodecError('bad-container', {
    what: `the .ecdc file is damaged before byte ${feed.position}`,
    found: `a scale of ${scale}`,
    expected: 'a finite one',
    remedy: 'Get the file again from its source, or use --best-effort for what comes before.',
  });
}

function scaleBytes(scale: number): Uint8Array {
  const bytes = new Uint8Array(SCALE_BYTES);
  new DataView(bytes.buffer).setFloat32(0, scale);
  return bytes;
}

/** With `bestEffort`, damage ends the sound where it is met and goes to the report. */
async function* guarded(
  blocks: AsyncIterable<Float32Array[]>,
  feed: ByteFeed,
  { bestEffort }: DecodeOptions,
  report: EcdcReport,
): AsyncGenerator<Float32Array[]> {
  try {
    for await (const block of blocks) if (block[0]!.length > 0) yield block;
    report.complete = true;
  } catch (error) {
    if (!(bestEffort && error instanceof CodecError && error.code === 'bad-container')) throw error;
    report.problem = error;
  } finally {
    await feed.close();
  }
}

function profileOf(codec: AudioCodec): EcdcProfile {
  if (codec.parts.ecdc) return codec.parts.ecdc;
  throw new CodecError('bad-recipe', {
    what: `the recipe ${codec.parts.name} is none for .ecdc files`,
    found: "no ecdc.model: its weights are not those of one of the reference's models",
    remedy: 'Use a recipe that has one (codec recipes), or write a .codec file.',
  });
}

function assertCovers(sizes: { readonly codebooks: number }, codebooks: number): void {
  if (codebooks <= sizes.codebooks) return;
  throw new CodecError('bad-argument', {
    what: 'the language model does not cover the codes',
    found: `${codebooks} codebooks`,
    expected: `at most ${sizes.codebooks}`,
  });
}
