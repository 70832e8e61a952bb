import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { CodecError } from '../core/errors.ts';
import type { ImageSignal } from '../core/signal.ts';
import { INPUT_OPTIONS, startFfmpeg } from './ffmpeg-command.ts';
import { probeVideo, type VideoFacts } from './video-probe.ts';

/** Part of a video, by the numbers of its frames. */
export interface FrameRange {
  /** The first frame; default 0. */
  readonly from?: number;
  /** The frame after the last one; default the end. */
  readonly to?: number;
}

/** A video opened for reading, frame by frame in constant memory. */
export interface VideoStream extends VideoFacts {
  /**
   * RGB frames in order, each in its own memory. One reading at a time. Frames before `from` are decoded and dropped, so that the
   * number of a frame is exact in every format. Throws `bad-video` at what ffmpeg cannot decode.
   */
  frames(range?: FrameRange): AsyncGenerator<ImageSignal>;
  close(): Promise<void>;
}

/** Chroma is brought to full resolution and full precision before the matrix: half a decibel at high quality. */
const TO_RGB = 'scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp,format=rgb24';

/**
 * Opens the first video track of anything ffmpeg reads, upright. Colours by the matrix the file names, BT.709 for raw streams made
 * that way. Sound and subtitles are left behind.
 *
 * Throws `bad-video` (no such file, no video), `missing-tool`.
 */
export async function openVideo(path: string): Promise<VideoStream> {
  if (!existsSync(path) || !statSync(path).isFile()) {
    const found = existsSync(path) ? 'a folder' : 'no such file';
    throw new CodecError('bad-video', { what: `cannot read ${path}`, found, remedy: 'Check the path.' });
  }
  const { default: ffmpeg } = await import('fluent-ffmpeg');
  const input = resolve(path);
  const facts = await probeVideo(ffmpeg(input), path);
  const { width, height } = facts;
  let stop = async () => {};
  return {
    ...facts,
    close: () => stop(),
    async *frames({ from = 0, to } = {}) {
      const output = new PassThrough({ emitClose: false, autoDestroy: false, highWaterMark: 1 << 20 });
      output.on('error', () => {});
      const part = from > 0 || to !== undefined;
      const cut = part ? `trim=start_frame=${from}${to === undefined ? '' : `:end_frame=${to}`},` : '';
      const command = ffmpeg(input)
        .inputOptions(...INPUT_OPTIONS)
        .outputOptions('-map', '0:v:0', '-vf', cut + TO_RGB, '-fps_mode', 'passthrough', '-f', 'rawvideo')
        .output(output);
      const run = startFfmpeg(command, () => output.end());
      stop = async () => {
        run.kill();
        output.destroy();
        await run.ended;
      };
      const frameBytes = width * height * 3;
      let frame = Buffer.alloc(frameBytes);
      let filled = 0;
      try {
        for await (const chunk of output) {
          for (let at = 0; at < (chunk as Buffer).length; ) {
            const taken = (chunk as Buffer).copy(frame, filled, at);
            at += taken;
            filled += taken;
            if (filled < frameBytes) continue;
            yield { kind: 'image', width, height, channels: 3, data: frame };
            frame = Buffer.alloc(frameBytes);
            filled = 0;
          }
        }
        const { ok, lastLine, error } = await run.ended;
        if (error) throw error;
        if (!ok || lastLine !== undefined || filled > 0) throw undecodable(path, lastLine);
      } finally {
        await stop();
      }
    },
  };
}

function undecodable(path: string, lastLine = 'no message'): CodecError {
  return new CodecError('bad-video', {
    what: `ffmpeg cannot decode ${path} without errors`,
    found: `"${lastLine}"`,
    expected: 'an undamaged video file',
  });
}
