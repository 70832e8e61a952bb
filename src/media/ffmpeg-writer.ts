import { extname } from 'node:path';
import type { AudioWriter } from './audio-stream.ts';
import { openFfmpegSink } from './ffmpeg-sink.ts';
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
  const { input, unlessEnded, finish, abort } = await openFfmpegSink(path, {
    force,
    extension,
    inputOptions: ['-f', 'wav'],
    outputOptions: [],
    expected: 'an extension whose format takes this audio',
    remedy: 'Use another extension, such as .wav or .flac.',
  });
  const wav = await unlessEnded(createWavWriter(input, { ...shape, format }));
  return {
    write: (planar) => unlessEnded(wav.write(planar)),
    async finish() {
      const result = await unlessEnded(wav.finish());
      await finish();
      return result;
    },
    abort,
  };
}
