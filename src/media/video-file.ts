import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { CodecError } from '../core/errors.ts';
import type { ImageSignal } from '../core/signal.ts';
import { INPUT_OPTIONS, startFfmpeg } from './ffmpeg-command.ts';

/** A video opened for reading, frame by frame in constant memory. */
export interface VideoStream {
  readonly width: number;
  readonly height: number;
  /** Mean of the stream; 0 where the file does not tell. */
  readonly frameRateHz: number;
  /** RGB frames in order, each in its own memory. Can be read once. Throws `bad-video` at what ffmpeg cannot decode. */
  frames(): AsyncGenerator<ImageSignal>;
  close(): Promise<void>;
}

/** Chroma is brought to full resolution and full precision before the matrix: half a decibel at high quality. */
const TO_RGB = 'scale=flags=accurate_rnd+full_chroma_int+full_chroma_inp,format=rgb24';

/**
 * Opens the first video track of anything ffmpeg reads. Colours by the matrix the file names, BT.709 for raw streams made
 * that way.
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
  const { width, height, frameRateHz } = await probe(ffmpeg(input), path);
  const output = new PassThrough({ emitClose: false, autoDestroy: false, highWaterMark: 1 << 20 });
  output.on('error', () => {});
  let run: ReturnType<typeof startFfmpeg> | undefined;
  const close = async () => {
    run?.kill();
    output.destroy();
    await run?.ended;
  };
  return {
    width,
    height,
    frameRateHz,
    close,
    async *frames() {
      const command = ffmpeg(input)
        .inputOptions(...INPUT_OPTIONS)
        .outputOptions('-map', '0:v:0', '-vf', TO_RGB, '-fps_mode', 'passthrough', '-f', 'rawvideo')
        .output(output);
      run = startFfmpeg(command, () => output.end());
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
        await close();
      }
    },
  };
}

function probe(
  command: import('fluent-ffmpeg').FfmpegCommand,
  path: string,
): Promise<{ width: number; height: number; frameRateHz: number }> {
  return new Promise((done, fail) => {
    command.ffprobe((error, data) => {
      const video = error ? undefined : data.streams.find((stream) => stream.codec_type === 'video');
      const [frames, seconds] = (video?.avg_frame_rate ?? '0/1').split('/').map(Number);
      if (video?.width && video.height) {
        done({ width: video.width, height: video.height, frameRateHz: (frames ?? 0) / (seconds || 1) });
      } else if (error && /Cannot find ffprobe/.test(String(error))) {
        fail(new CodecError('missing-tool', { what: 'cannot run ffprobe', remedy: 'Install ffmpeg.' }));
      } else {
        fail(undecodable(path, error ? String(error).split('\n').filter(Boolean).at(-1) : 'no video track'));
      }
    });
  });
}

function undecodable(path: string, lastLine = 'no message'): CodecError {
  return new CodecError('bad-video', {
    what: `ffmpeg cannot decode ${path} without errors`,
    found: `"${lastLine}"`,
    expected: 'an undamaged video file',
  });
}
