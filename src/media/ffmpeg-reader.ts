import { resolve } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import type { FfmpegCommand } from 'fluent-ffmpeg';
import { CodecError } from '../core/errors.ts';
import type { AudioStream } from './audio-stream.ts';
import type { ByteReader } from './byte-reader.ts';
import { INPUT_OPTIONS, startFfmpeg } from './ffmpeg-command.ts';
import { openWav, type ReadOptions } from './wav-reader.ts';

/**
 * Decodes the audio track ffmpeg prefers of anything it reads, at its own sample rate and channels. These come from
 * the WAV header ffmpeg writes: what the decoder really made, for pipes too, which ffprobe would use up. ffprobe
 * only estimates the length.
 *
 * Throws `missing-tool`, or `bad-audio` with ffmpeg's last error line. ffmpeg skips damaged parts and reports
 * success; unless `tolerateDamage`, `blocks()` throws at the end if it said anything about errors.
 */
export async function openWithFfmpeg(
  source: string | ByteReader,
  { tolerateDamage = false }: ReadOptions = {},
): Promise<AudioStream> {
  const { default: ffmpeg } = await import('fluent-ffmpeg');
  const name = typeof source === 'string' ? source : source.name;
  // An absolute path is never taken for an option or a protocol.
  const input =
    typeof source === 'string' ? resolve(source) : Readable.from(source.rest(), { objectMode: false });
  // Without a close event: fluent-ffmpeg takes one for a failure unless the process has exited by then.
  const output = new PassThrough({ emitClose: false, autoDestroy: false });
  output.on('error', () => {});
  const command = ffmpeg(input)
    .inputOptions(...INPUT_OPTIONS)
    .outputOptions('-vn', '-sn', '-dn', '-f', 'wav', '-c:a', 'pcm_f32le')
    .output(output);
  const durationSeconds = typeof source === 'string' ? probeDurationSeconds(ffmpeg(input)) : undefined;
  const run = startFfmpeg(command, () => output.end());

  const checkEnd = async () => {
    const { ok, lastLine, error } = await run.ended;
    if (error) throw error;
    if (!ok || (lastLine !== undefined && !tolerateDamage)) throw undecodable(name, lastLine);
  };
  const close = async () => {
    run.kill();
    output.destroy();
    if (typeof source !== 'string') await source.close();
    await run.ended;
  };
  try {
    // Whether the stream is complete is judged by what ffmpeg says, not by where its output stops.
    const wav = await openWav(output, { tolerateDamage: true });
    const estimate = (await durationSeconds) ?? Number.NaN;
    return {
      sampleRateHz: wav.sampleRateHz,
      channels: wav.channels,
      ...(estimate >= 0 && { estimatedLengthSamples: Math.round(estimate * wav.sampleRateHz) }),
      async *blocks() {
        try {
          yield* wav.blocks();
          await checkEnd();
        } finally {
          await close();
        }
      },
      close,
    };
  } catch (error) {
    try {
      // If ffmpeg has ended, its own words are the reason; if not, waiting for it would take forever.
      if (output.readableEnded) await checkEnd();
    } finally {
      await close();
    }
    throw error;
  }
}

/** The length ffprobe gives, in seconds; undefined if it gives none or is absent. */
function probeDurationSeconds(command: FfmpegCommand): Promise<number | undefined> {
  return new Promise((done) => {
    command.ffprobe((error, data) => {
      const seconds = error ? Number.NaN : Number(data.format.duration);
      done(Number.isFinite(seconds) ? seconds : undefined);
    });
  });
}

function undecodable(name: string, lastLine = 'no message'): CodecError {
  return new CodecError('bad-audio', {
    what: `ffmpeg cannot decode ${name} without errors`,
    found: `"${lastLine}"`,
    expected: 'an undamaged audio file',
    remedy: 'Get the complete file, or save what is left with: ffmpeg -i damaged repaired.wav',
  });
}
