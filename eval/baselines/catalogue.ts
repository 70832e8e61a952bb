import type { AudioBaseline, Baseline, VideoBaseline } from './baseline.ts';
import { avif, hevcIntra, jpeg, jxl, webp } from './images.ts';

const kbps = (ladder: readonly number[], range: readonly [number, number]) =>
  ({ name: 'bitrate', unit: 'kbps', ladder, range, whole: false }) as const;

const crf = (ladder: readonly number[], range: readonly [number, number]) =>
  ({ name: 'crf', unit: '', ladder, range, whole: true }) as const;

const opus: AudioBaseline = {
  media: 'audio',
  about: 'Opus (libopus), constant bitrate',
  knob: kbps([6, 8, 12, 16, 24, 32], [6, 256]),
  options: { frame: ['20', '2.5', '5', '10', '40', '60'], application: ['voip', 'audio', 'lowdelay'] },
  encoder: 'libopus',
  extension: 'ogg',
  encodeArgs: ({ bitrate, frame, application }) => [
    ...['-c:a', 'libopus', '-application', application!, '-vbr', 'off'],
    ...['-b:a', `${bitrate}k`, '-frame_duration', frame!],
  ],
  decodeArgs: ['-c:a', 'libopus'],
};

const aac: AudioBaseline = {
  media: 'audio',
  about: "AAC-LC (ffmpeg's own encoder)",
  knob: kbps([16, 24, 32, 48, 64], [8, 320]),
  options: {},
  encoder: 'aac',
  extension: 'm4a',
  encodeArgs: ({ bitrate }) => ['-c:a', 'aac', '-b:a', `${bitrate}k`],
  decodeArgs: [],
};

const tune = { tune: ['none', 'psnr'] } as const;
const tuneArgs = (name: string | undefined) => (name === 'psnr' ? ['-tune', 'psnr'] : []);

const x264: VideoBaseline = {
  media: 'video',
  about: 'H.264 (x264)',
  knob: crf([43, 38, 33, 28, 23, 18], [0, 51]),
  options: { preset: ['slow', 'ultrafast', 'fast', 'medium', 'veryslow'], ...tune },
  encoder: 'libx264',
  format: 'h264',
  encodeArgs: (settings) => [
    ...['-c:v', 'libx264', '-preset', settings.preset!, ...tuneArgs(settings.tune)],
    // Unit type 6 is the encoder's signature, which is not picture.
    ...['-crf', settings.crf!, '-threads', '1', '-bsf:v', 'filter_units=remove_types=6'],
  ],
};

const x265: VideoBaseline = {
  media: 'video',
  about: 'HEVC (x265)',
  knob: crf([43, 38, 33, 28, 23, 18], [0, 51]),
  options: { preset: ['slow', 'ultrafast', 'fast', 'medium', 'veryslow'], ...tune },
  encoder: 'libx265',
  format: 'hevc',
  encodeArgs: (settings) => [
    ...['-c:v', 'libx265', '-preset', settings.preset!, ...tuneArgs(settings.tune)],
    ...['-x265-params', `crf=${settings.crf}:info=0:pools=1:frame-threads=1:log-level=error`],
  ],
};

const svtav1: VideoBaseline = {
  media: 'video',
  about: 'AV1 (SVT-AV1)',
  knob: crf([63, 57, 50, 40, 30, 20], [0, 63]),
  options: { preset: ['4', '0', '2', '6', '8', '10', '12'] },
  encoder: 'libsvtav1',
  format: 'obu',
  encodeArgs: (settings) => [
    ...['-c:v', 'libsvtav1', '-preset', settings.preset!, '-crf', settings.crf!, '-svtav1-params', 'lp=1'],
  ],
};

/** Ordinary codecs to compare with, by the name the command line uses. */
export const baselines = {
  opus,
  aac,
  jpeg,
  webp,
  avif,
  jxl,
  'hevc-intra': hevcIntra,
  x264,
  x265,
  svtav1,
} as const satisfies Record<string, Baseline>;

export type BaselineName = keyof typeof baselines;

export const baselineNames = Object.keys(baselines) as BaselineName[];
