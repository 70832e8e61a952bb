import { extname } from 'node:path';
import { CodecError } from '../core/errors.ts';
import type { OutputOptions } from './atomic-file.ts';
import { openFfmpegSink } from './ffmpeg-sink.ts';

/** Takes a video frame by frame. `finish` or `abort` must be called. */
export interface VideoWriter {
  /** Appends a frame of 8-bit R, G, B samples, rows from top to bottom. Resolves when the target is ready for more. */
  write(frame: Uint8Array): Promise<void>;
  finish(): Promise<void>;
  /** Removes what was written. Idempotent; does nothing after `finish`. */
  abort(): Promise<void>;
}

export interface VideoWriterOptions extends OutputOptions {
  readonly width: number;
  readonly height: number;
  readonly rateNumerator: number;
  readonly rateDenominator: number;
}

// Studio-range BT.709, full precision on the way, and said so in the file.
const toYuv = (format: string) => [
  ...['-vf', `scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int,format=${format}`],
  ...['-color_range', 'tv', '-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'],
];
const h264 = ['-c:v', 'libx264', '-crf', '12', '-preset', 'medium'];

/** Settings of each format; formats with 4:2:0 chroma take frames of even sizes only and get 4:4:4 for others. */
const FORMATS: Readonly<Record<string, (even: boolean) => readonly string[]>> = {
  '.mkv': () => ['-c:v', 'libx264rgb', '-qp', '0', '-preset', 'medium'],
  '.avi': () => ['-c:v', 'ffv1', '-pix_fmt', 'bgr0'],
  '.mp4': (even) => [...h264, ...toYuv(even ? 'yuv420p' : 'yuv444p'), '-movflags', '+faststart'],
  '.mov': (even) => [...h264, ...toYuv(even ? 'yuv420p' : 'yuv444p')],
  '.webm': (even) => [
    '-c:v',
    'libvpx-vp9',
    '-crf',
    '12',
    '-b:v',
    '0',
    ...toYuv(even ? 'yuv420p' : 'yuv444p'),
  ],
  '.y4m': () => toYuv('yuv444p'),
};

/** Extensions that `createVideoWriter` knows. */
export const videoExtensions = Object.keys(FORMATS);

/**
 * Makes a video of RGB frames with ffmpeg, in the format of the path's extension: .mkv (H.264 in RGB) and .avi (FFV1) without loss,
 * .y4m uncompressed in YUV 4:4:4, .mp4, .mov (H.264) and .webm (VP9) with little loss, for players. Written beside the path and
 * renamed when complete.
 *
 * Throws `missing-tool`, `output-exists`, `bad-argument`: another extension, or with ffmpeg's last error line.
 */
export async function createVideoWriter(path: string, options: VideoWriterOptions): Promise<VideoWriter> {
  const { width, height, rateNumerator, rateDenominator, force = false } = options;
  const extension = extname(path).toLowerCase();
  const format = FORMATS[extension];
  if (!format) {
    throw new CodecError('bad-argument', {
      what: `cannot write the video ${path}`,
      found: extension === '' ? 'no extension' : `the extension ${extension}`,
      expected: videoExtensions.join(', '),
    });
  }
  const even = width % 2 === 0 && height % 2 === 0;
  const { input, unlessEnded, finish, abort } = await openFfmpegSink(path, {
    force,
    extension,
    inputOptions: [
      ...['-f', 'rawvideo', '-pixel_format', 'rgb24', '-video_size', `${width}x${height}`],
      ...['-framerate', `${rateNumerator}/${rateDenominator}`],
    ],
    outputOptions: [...format(even), '-an'],
    expected: 'a format that takes frames of this size',
    remedy: 'Use another extension, such as .mkv.',
  });
  const frameBytes = width * height * 3;
  return {
    async write(frame) {
      if (frame.length !== frameBytes) {
        await abort();
        throw new CodecError('bad-video', {
          what: `cannot write a frame to ${path}`,
          found: `${frame.length} bytes`,
          expected: `${frameBytes} for ${width} x ${height}`,
        });
      }
      await unlessEnded(
        new Promise<void>((done, fail) => {
          // Waiting for every write is what keeps memory bounded.
          input.write(frame, (error) => (error ? fail(error) : done()));
        }),
      );
    },
    finish,
    abort,
  };
}
