import { CodecError } from '../core/errors.ts';
import type { AudioStream } from './audio-stream.ts';
import { ByteReader, type ByteSource, openByteReader } from './byte-reader.ts';
import { readWavHeader, type WavHeader } from './wav-header.ts';
import { decodeSamples } from './wav-samples.ts';

export interface ReadOptions {
  /** Decode what is there of a truncated or damaged file, without an error. Default false. */
  readonly tolerateDamage?: boolean;
}

/** Bytes read and decoded at a time; the largest frame (1024 channels of 8 bytes) fits. */
const BLOCK_BYTES = 65_536;

/**
 * Opens a WAV file: PCM of 8, 16, 24 or 32 bits, floats of 32 or 64; RIFF, RF64 or BW64, of any size.
 * A header without a size, as ffmpeg writes to pipes, is read to the end of the source.
 *
 * Throws `bad-audio` if the source is not such a file or, unless `tolerateDamage`, holds less than its header
 * claims (a stream shows that only at its end, so there `blocks()` throws).
 */
export async function openWav(
  source: ByteSource | ByteReader,
  { tolerateDamage = false }: ReadOptions = {},
): Promise<AudioStream> {
  const reader = source instanceof ByteReader ? source : await openByteReader(source);
  try {
    const header = await readWavHeader(reader);
    const { sizeBytes, positionBytes } = reader;
    const presentBytes = sizeBytes === undefined ? Infinity : Math.max(0, sizeBytes - positionBytes);
    if (header.dataBytes < Infinity && presentBytes < header.dataBytes && !tolerateDamage) {
      throw truncated(reader.name, presentBytes, header.dataBytes);
    }
    const dataBytes = Math.min(header.dataBytes, presentBytes);
    // A stream may turn out shorter than its header says; where that is no error, the length is not known.
    const lengthKnown = dataBytes < Infinity && (presentBytes < Infinity || !tolerateDamage);
    return {
      sampleRateHz: header.sampleRateHz,
      channels: header.channels,
      ...(lengthKnown && { lengthSamples: Math.floor(dataBytes / header.frameBytes) }),
      blocks: () => readBlocks(reader, header, tolerateDamage),
      close: () => reader.close(),
    };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function* readBlocks(
  reader: ByteReader,
  header: WavHeader,
  tolerateDamage: boolean,
): AsyncGenerator<Float32Array[]> {
  const { frameBytes, dataBytes } = header;
  const blockBytes = BLOCK_BYTES - (BLOCK_BYTES % frameBytes);
  let doneBytes = 0;
  try {
    while (doneBytes < dataBytes) {
      const wanted = Math.min(blockBytes, dataBytes - doneBytes);
      const bytes = await reader.read(wanted);
      doneBytes += bytes.length;
      const wholeBytes = bytes.length - (bytes.length % frameBytes);
      if (wholeBytes > 0) yield decodeSamples(bytes.subarray(0, wholeBytes), header);
      if (bytes.length < wanted) {
        if (!tolerateDamage) checkEnd(reader.name, doneBytes, header);
        return;
      }
    }
  } finally {
    await reader.close();
  }
}

/** The source ended early, or its header gave no size: is that where the samples may end? */
function checkEnd(name: string, doneBytes: number, { dataBytes, frameBytes }: WavHeader): void {
  if (dataBytes < Infinity) throw truncated(name, doneBytes, dataBytes);
  const extraBytes = doneBytes % frameBytes;
  // RIFF pads chunks of odd size with one byte.
  const padding = extraBytes === 1 && doneBytes % 2 === 0;
  if (extraBytes > 0 && !padding) {
    throw truncated(name, doneBytes, doneBytes + frameBytes - extraBytes);
  }
}

function truncated(name: string, foundBytes: number, expectedBytes: number): CodecError {
  return new CodecError('bad-audio', {
    what: `${name} is truncated`,
    found: `${foundBytes} bytes of samples`,
    expected: `${expectedBytes} bytes`,
    remedy: 'Get the complete file, or save what is left with: ffmpeg -i damaged.wav repaired.wav',
  });
}
