import type { FfmpegCommand, FfprobeData } from 'fluent-ffmpeg';
import { CodecError } from '../core/errors.ts';

/** What ffprobe tells of a video track. */
export interface VideoFacts {
  /** Pixels of an upright frame. */
  readonly width: number;
  readonly height: number;
  /** Frames per second, the mean of the track, as a fraction of whole numbers; 0 / 1 where the file does not tell. */
  readonly rateNumerator: number;
  readonly rateDenominator: number;
  readonly frameRateHz: number;
  /** How the file stores pixels, in ffmpeg's words: yuv420p, gbrp, ... */
  readonly pixelFormat: string;
  readonly soundTracks: number;
  /** Frames in all, if the file says so or length and rate together do; for progress bars and nothing else. */
  readonly estimatedFrames?: number;
}

/** Throws `bad-video` for a file without video, `missing-tool` without ffprobe. */
export function probeVideo(command: FfmpegCommand, path: string): Promise<VideoFacts> {
  return new Promise((done, fail) => {
    command.ffprobe((error, data) => {
      const facts = error ? undefined : factsOf(data);
      if (facts) done(facts);
      else if (error && /Cannot find ffprobe/.test(String(error))) {
        fail(new CodecError('missing-tool', { what: 'cannot run ffprobe', remedy: 'Install ffmpeg.' }));
      } else {
        const lastLine = error ? `"${String(error).split('\n').filter(Boolean).at(-1)}"` : 'no video track';
        fail(
          new CodecError('bad-video', {
            what: `ffmpeg cannot read ${path} as a video`,
            found: lastLine,
            expected: 'an undamaged video file',
          }),
        );
      }
    });
  });
}

function factsOf({ streams, format }: FfprobeData): VideoFacts | undefined {
  const video = streams.find((stream) => stream.codec_type === 'video');
  if (!video?.width || !video.height) return undefined;
  const [rateNumerator, rateDenominator] = fractionOf(video.avg_frame_rate) ??
    fractionOf(video.r_frame_rate) ?? [0, 1];
  const frameRateHz = rateNumerator / rateDenominator;
  // ffmpeg turns frames as the file's display matrix says.
  const turned = Math.abs(Number(video.rotation ?? 0)) % 180 === 90;
  const [width, height] = turned ? [video.height, video.width] : [video.width, video.height];
  const counted = Number(video.nb_frames);
  const frames = counted > 0 ? counted : Math.round(Number(format.duration) * frameRateHz);
  return {
    width,
    height,
    rateNumerator,
    rateDenominator,
    frameRateHz,
    pixelFormat: video.pix_fmt ?? 'unknown',
    soundTracks: streams.filter((stream) => stream.codec_type === 'audio').length,
    ...(frames > 0 && { estimatedFrames: frames }),
  };
}

/** `30000/1001`; undefined for none, which ffprobe writes as 0/0. */
function fractionOf(text: string | undefined): [number, number] | undefined {
  const [numerator, denominator] = (text ?? '').split('/').map(Number);
  return numerator && denominator ? [numerator, denominator] : undefined;
}
