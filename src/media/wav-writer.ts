import type { Writable } from 'node:stream';
import { CodecError } from '../core/errors.ts';
import { assertFiniteSamples } from '../core/signal.ts';
import type { OutputOptions } from './atomic-file.ts';
import { type AudioWriter, checkPlanar, type SampleFormat } from './audio-stream.ts';
import { openByteSink } from './byte-sink.ts';
import { wavHeaderBytes } from './wav-header-write.ts';
import { BYTES_PER_SAMPLE, encodeSamples } from './wav-samples.ts';

export interface WriterOptions extends OutputOptions {
  readonly sampleRateHz: number;
  readonly channels: number;
  /** How samples are stored. Default `pcm16`: rounded to nearest, clipped to [-1, 1). */
  readonly format?: SampleFormat;
  /** Samples per channel to come, where known: puts final sizes in the header at once. `finish` checks it. */
  readonly lengthSamples?: number;
}

const BLOCK_SAMPLES = 16_384;
const MAX_CHANNELS = 1024;

/**
 * Writes a WAV file sample by sample. A path is written beside and renamed when complete; a stream gets the
 * samples in one pass (without `lengthSamples`, with sizes 0xFFFFFFFF as ffmpeg does) and is not ended.
 * Files of 4 GiB and more become RF64.
 *
 * Throws `bad-argument`, `output-exists`; `write` throws `bad-audio` at a NaN or infinity.
 */
export async function createWavWriter(
  target: string | Writable,
  { sampleRateHz, channels, format = 'pcm16', lengthSamples, force = false }: WriterOptions,
): Promise<AudioWriter> {
  checkShape(sampleRateHz, channels);
  const shape = { sampleRateHz, channels, format };
  const frameBytes = channels * BYTES_PER_SAMPLE[format];
  const sink = await openByteSink(target, { force });
  const { writeAt } = sink;
  const patchLater = lengthSamples === undefined && writeAt !== undefined;
  const name = typeof target === 'string' ? target : 'the output stream';
  let doneSamples = 0;
  let clippedSamples = 0;

  const abortOnError = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      await sink.abort();
      throw error;
    }
  };
  await abortOnError(() =>
    sink.write(wavHeaderBytes(shape, (lengthSamples ?? Infinity) * frameBytes, patchLater)),
  );

  return {
    write: (planar) =>
      abortOnError(async () => {
        const length = checkPlanar(planar, channels);
        for (const samples of planar) assertFiniteSamples(samples, doneSamples, `cannot write ${name}`);
        for (let from = 0; from < length; from += BLOCK_SAMPLES) {
          const block = encodeSamples(planar, from, Math.min(length, from + BLOCK_SAMPLES), format);
          clippedSamples += block.clippedSamples;
          await sink.write(block.bytes);
        }
        doneSamples += length;
      }),
    finish: () =>
      abortOnError(async () => {
        if (lengthSamples !== undefined && lengthSamples !== doneSamples) {
          throw new CodecError('bad-argument', {
            what: `${name} is incomplete`,
            found: `${doneSamples} samples`,
            expected: `${lengthSamples} as announced`,
          });
        }
        const dataBytes = doneSamples * frameBytes;
        const sizeKnown = patchLater || lengthSamples !== undefined;
        if (sizeKnown && dataBytes % 2 === 1) await sink.write(new Uint8Array(1));
        if (patchLater) await writeAt(wavHeaderBytes(shape, dataBytes, true), 0);
        await sink.commit();
        return { clippedSamples };
      }),
    abort: () => sink.abort(),
  };
}

function checkShape(sampleRateHz: number, channels: number): void {
  const rateOk = Number.isInteger(sampleRateHz) && sampleRateHz > 0 && sampleRateHz < 2 ** 32;
  const channelsOk = Number.isInteger(channels) && channels > 0 && channels <= MAX_CHANNELS;
  if (rateOk && channelsOk) return;
  throw new CodecError('bad-argument', {
    what: 'cannot write WAV',
    found: `${channels} channels at ${sampleRateHz} Hz`,
    expected: `1 to ${MAX_CHANNELS} channels at a whole number of Hz`,
  });
}
