import { extname, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { CodecError } from '../core/errors.ts';
import { reserveOutput } from './atomic-file.ts';
import type { AudioWriter } from './audio-stream.ts';
import { type FfmpegEnd, INPUT_OPTIONS, startFfmpeg } from './ffmpeg-command.ts';
import { createWavWriter, type WriterOptions } from './wav-writer.ts';

/**
 * Encodes to the format of the path's extension (.flac, .mp3, .ogg, .m4a, ...) with ffmpeg's default settings, which
 * may change the sample rate to one that format has. `format` is what ffmpeg is given: for FLAC `pcm16` unless
 * said otherwise, for all else `float32`. Written beside the path and renamed when complete.
 *
 * Throws `missing-tool`, `output-exists`, or `bad-argument` with ffmpeg's last error line.
 */
export async function createFfmpegWriter(path: string, options: WriterOptions): Promise<AudioWriter> {
  const extension = extname(path);
  // From floats ffmpeg makes 24-bit FLAC, twice the size for bits no codec here produces.
  const defaultFormat = extension.toLowerCase() === '.flac' ? 'pcm16' : 'float32';
  const { force = false, format = defaultFormat, ...shape } = options;
  const { default: ffmpeg } = await import('fluent-ffmpeg');
  const output = await reserveOutput(path, { force, extension });
  const input = new PassThrough();
  const command = ffmpeg(input)
    .inputOptions('-f', 'wav', ...INPUT_OPTIONS)
    .output(resolve(output.temporaryPath));
  const run = startFfmpeg(command, () => {});
  let finished = false;
  let ended: FfmpegEnd | undefined;
  let onEnd: (end: FfmpegEnd) => void = () => {};
  void run.ended.then((end) => {
    ended = end;
    onEnd(end);
  });

  const abort = async () => {
    if (finished) return;
    finished = true;
    run.kill();
    input.destroy();
    await run.ended;
    await output.abort();
  };
  /** If ffmpeg dies, nothing reads `input` any more and writing to it would wait forever. */
  const unlessEnded = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await new Promise<T>((done, fail) => {
        onEnd = (end) => fail(failure(path, end));
        if (ended) onEnd(ended);
        work.then(done, fail);
      });
    } catch (error) {
      await abort();
      throw error;
    }
  };

  const wav = await unlessEnded(createWavWriter(input, { ...shape, format }));
  return {
    write: (planar) => unlessEnded(wav.write(planar)),
    async finish() {
      const result = await unlessEnded(wav.finish());
      input.end();
      const end = await run.ended;
      if (!end.ok) {
        await abort();
        throw failure(path, end);
      }
      finished = true;
      await output.commit();
      return result;
    },
    abort,
  };
}

function failure(path: string, { error, lastLine = 'no message' }: FfmpegEnd): CodecError {
  if (error) return error;
  return new CodecError('bad-argument', {
    what: `ffmpeg cannot write ${path}`,
    found: `"${lastLine}"`,
    expected: 'an extension whose format takes this audio',
    remedy: 'Use another extension, such as .wav or .flac.',
  });
}
