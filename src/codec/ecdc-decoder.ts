import { ByteFeed, type ByteStream } from '../bitstream/byte-feed.ts';
import { type EcdcHeader, readEcdcHeader } from '../bitstream/ecdc-header.ts';
import type { Codes } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import type { AudioCodec, DecodeOptions } from './audio-codec.ts';
import { type EcdcCodesReader, ecdcCodesReader, SCALE_BYTES } from './ecdc-codes.ts';
import { trailing, truncated } from './ecdc-errors.ts';
import { profileOf } from './ecdc-profile.ts';

/** What was wrong with a file decoded with best effort. */
export interface EcdcReport {
  /** Whether all of the sound was there. */
  complete: boolean;
  problem?: CodecError;
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
  try {
    const reader = await readerFor(codec, header, feed);
    const report: EcdcReport = { complete: false };
    return { header, blocks: guarded(decode(codec, header, feed, reader), feed, options, report), report };
  } catch (error) {
    await feed.close();
    throw error;
  }
}

async function readerFor(
  { parts }: AudioCodec,
  { model, codebooks, languageModel }: EcdcHeader,
  feed: ByteFeed,
): Promise<EcdcCodesReader> {
  const profile = profileOf(parts);
  const { quantizer } = parts.model.parts;
  if (model !== profile.model || codebooks > quantizer.codebooks) {
    throw new CodecError('bad-container', {
      what: `the .ecdc file does not fit the recipe ${parts.name}`,
      found: `model ${model} with ${codebooks} codebooks`,
      expected: `${profile.model} with at most ${quantizer.codebooks}`,
      remedy: 'Name a recipe of its model with --recipe.',
    });
  }
  const shape = { codebooks, codebookSize: quantizer.codebookSize };
  return ecdcCodesReader(feed, shape, languageModel ? await profile.languageModel() : undefined);
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

/** The sound of a file: all that comes before damage, if there is any, then the error. */
async function* decode(
  { parts: { model, framing } }: AudioCodec,
  header: EcdcHeader,
  feed: ByteFeed,
  reader: EcdcCodesReader,
): AsyncGenerator<Float32Array[]> {
  const decoder = framing.decoder(model, header.codebooks);
  const framesOf = (chunk: number) => framing.chunkFrames(model, chunk, header.lengthSamples);
  // What is one signal throughout is heard as it comes.
  const most = framing.segmented ? Number.POSITIVE_INFINITY : model.parts.computeFrames;
  const codes = readCodes(reader, feed, { framesOf, most, segmented: framing.segmented });
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
  {
    framesOf,
    most,
    segmented,
  }: {
    readonly framesOf: (chunk: number) => number;
    /** Frames at a time. */
    readonly most: number;
    readonly segmented: boolean;
  },
): AsyncGenerator<Codes> {
  for (let chunk = 0; ; chunk++) {
    let left = framesOf(chunk);
    if (left === 0) return;
    const scale = segmented ? await readScale(feed) : 1;
    while (left > 0) {
      const codes = await reader.read(Math.min(left, most));
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
    remedy: 'Get the file again from its source, or decode it with --best-effort for what comes before.',
  });
}
