import { extname } from 'node:path';
import type { Writable } from 'node:stream';
import { CodecError } from '../core/errors.ts';
import { type AudioSignal, assertFiniteSamples, assertValidAudio, lengthSamples } from '../core/signal.ts';
import { type AudioStream, type AudioWriter, collectBlocks } from './audio-stream.ts';
import { type ByteReader, type ByteSource, openByteReader } from './byte-reader.ts';
import { checkMix, mixChannels } from './channels.ts';
import { openWithFfmpeg } from './ffmpeg-reader.ts';
import { createFfmpegWriter } from './ffmpeg-writer.ts';
import { checkRates, resampleBlocks, resampledLength } from './resample.ts';
import { looksLikeWav } from './wav-header.ts';
import { openWav, type ReadOptions } from './wav-reader.ts';
import { createWavWriter, type WriterOptions } from './wav-writer.ts';

export interface OpenOptions extends ReadOptions {
  /** Resample to this rate, a whole number of Hz. Default: the file's own. */
  readonly sampleRateHz?: number;
  /** Mix to this many channels (see `mixChannels`). Default: the file's own. */
  readonly channels?: number;
}

const SNIFF_BYTES = 48;
const WAV_EXTENSIONS = ['.wav', '.wave'];

/**
 * Opens any audio file or byte stream; `-` is standard input. WAV is told by its content and read natively, all
 * else goes through ffmpeg. Mixed and resampled on the fly, in constant memory.
 *
 * Throws `bad-audio` (no such file, a directory, not audio, damaged, no samples, channels that cannot be mixed, and
 * from `blocks()` a NaN or infinity with its position), `bad-argument`, `missing-tool`.
 */
export async function openAudio(source: ByteSource, options: OpenOptions = {}): Promise<AudioStream> {
  const bytes = source === '-' ? process.stdin : source;
  const reader = await openByteReader(bytes);
  let stream: Pick<AudioStream, 'close'> = reader;
  try {
    const decoded = await openDecoder(bytes, reader, options);
    stream = decoded;
    if (decoded.lengthSamples === 0) throw noSamples(reader.name);
    return convert(decoded, reader.name, options);
  } catch (error) {
    await stream.close();
    throw error;
  }
}

/** A whole file in memory. Options and errors as for `openAudio`. */
export async function readAudio(source: ByteSource, options: OpenOptions = {}): Promise<AudioSignal> {
  const stream = await openAudio(source, options);
  return { kind: 'audio', sampleRateHz: stream.sampleRateHz, channels: await collectBlocks(stream) };
}

/**
 * Opens a path for writing, in the format of its extension: WAV natively, all else through ffmpeg. `-` (standard
 * output) and streams get WAV. Errors as for `createWavWriter` and `createFfmpegWriter`.
 */
export async function createAudioWriter(
  target: string | Writable,
  options: WriterOptions,
): Promise<AudioWriter> {
  if (typeof target !== 'string') return createWavWriter(target, options);
  if (target === '-') return createWavWriter(process.stdout, options);
  if (WAV_EXTENSIONS.includes(extname(target).toLowerCase())) return createWavWriter(target, options);
  return createFfmpegWriter(target, options);
}

/** Writes a whole signal. `clippedSamples` counts samples that did not fit the format. */
export async function writeAudio(
  target: string | Writable,
  audio: AudioSignal,
  options: Pick<WriterOptions, 'format' | 'force'> = {},
): Promise<{ clippedSamples: number }> {
  assertValidAudio(audio, 'cannot write this audio');
  const writer = await createAudioWriter(target, {
    ...options,
    sampleRateHz: audio.sampleRateHz,
    channels: audio.channels.length,
    lengthSamples: lengthSamples(audio),
  });
  await writer.write(audio.channels);
  return writer.finish();
}

async function openDecoder(
  source: ByteSource,
  reader: ByteReader,
  options: ReadOptions,
): Promise<AudioStream> {
  const head = await reader.peek(SNIFF_BYTES);
  // Of an empty source the WAV reader says so without the help of ffmpeg.
  if (looksLikeWav(head) || head.length === 0) return openWav(reader, options);
  if (typeof source !== 'string' || reader.sizeBytes === undefined) return openWithFfmpeg(reader, options);
  // ffmpeg wants to seek in files: some formats have their index at the end.
  await reader.close();
  return openWithFfmpeg(source, options);
}

function convert(stream: AudioStream, name: string, options: OpenOptions): AudioStream {
  const fromHz = stream.sampleRateHz;
  const { sampleRateHz = fromHz, channels = stream.channels } = options;
  checkMix(stream.channels, channels, name);
  checkRates(fromHz, sampleRateHz, channels);
  const scaled = (length: number) => resampledLength(length, fromHz, sampleRateHz);
  return {
    sampleRateHz,
    channels,
    ...(stream.lengthSamples !== undefined && { lengthSamples: scaled(stream.lengthSamples) }),
    ...(stream.estimatedLengthSamples !== undefined && {
      estimatedLengthSamples: scaled(stream.estimatedLengthSamples),
    }),
    async *blocks() {
      // Resampling costs most, so it runs on the fewer channels.
      const inner = Math.min(channels, stream.channels);
      const mixed = mixBlocks(checkedBlocks(stream, name), inner);
      const resampled = resampleBlocks(mixed, fromHz, sampleRateHz, inner);
      let empty = true;
      for await (const block of mixBlocks(resampled, channels)) {
        empty = false;
        yield block;
      }
      if (empty) throw noSamples(name);
    },
    close: () => stream.close(),
  };
}

async function* checkedBlocks(stream: AudioStream, name: string): AsyncGenerator<Float32Array[]> {
  let offset = 0;
  for await (const block of stream.blocks()) {
    for (const samples of block) assertFiniteSamples(samples, offset, `cannot use ${name}`);
    offset += block[0]!.length;
    yield block;
  }
}

async function* mixBlocks(
  blocks: AsyncIterable<Float32Array[]>,
  channels: number,
): AsyncGenerator<Float32Array[]> {
  for await (const block of blocks) yield mixChannels(block, channels);
}

function noSamples(name: string): CodecError {
  return new CodecError('bad-audio', {
    what: `cannot use ${name}`,
    found: 'no samples',
    remedy: 'Give audio of at least one sample.',
  });
}
