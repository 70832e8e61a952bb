import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Sharp } from 'sharp';
import { readImage, writeImage } from '../../src/index.ts';
import type { ImageBaseline, Settings } from './baseline.ts';
import { EXACT_CHROMA, runFfmpeg, whyNoEncoder } from './ffmpeg.ts';

const quality = (ladder: readonly number[]) =>
  ({ name: 'q', unit: '', ladder, range: [1, 100], whole: true }) as const;

const chroma = { chroma: ['4:2:0', '4:4:4'] } as const;

export const jpeg = withSharp({
  about: 'JPEG (libjpeg-turbo or mozjpeg through sharp), optimised Huffman tables',
  knob: quality([5, 10, 20, 30, 50, 70, 90]),
  options: chroma,
  encode: (raw, { q, chroma: chromaSubsampling }) =>
    raw.jpeg({ quality: Number(q), chromaSubsampling: chromaSubsampling!, optimizeCoding: true }),
});

export const webp = withSharp({
  about: 'WebP (libwebp), effort 6',
  knob: quality([5, 10, 20, 30, 50, 70, 90]),
  options: {},
  encode: (raw, { q }) => raw.webp({ quality: Number(q), effort: 6 }),
});

export const avif = withSharp({
  about: 'AVIF (libaom through libheif and sharp), effort 5',
  knob: quality([10, 20, 30, 45, 60, 75]),
  // Tuned for SSIM as avifenc does; sharp's own choice, iq, costs a tenth more bits at equal PSNR.
  options: { ...chroma, tune: ['ssim', 'psnr', 'iq'] },
  encode: (raw, { q, chroma: chromaSubsampling, tune }) =>
    raw.avif({ quality: Number(q), chromaSubsampling: chromaSubsampling!, effort: 5, tune: tune as 'ssim' }),
});

/** JPEG XL, which sharp's own build lacks. */
export const jxl = withFfmpeg({
  about: 'JPEG XL (libjxl), effort 7',
  knob: { name: 'distance', unit: '', ladder: [15, 10, 6, 4, 2, 1], range: [0, 15], whole: false },
  options: {},
  encoder: 'libjxl',
  extension: '.jxl',
  encodeArgs: ({ distance }) => ['-c:v', 'libjxl', '-effort', '7', '-distance', distance!],
  decodeArgs: ['-pix_fmt', 'rgb24'],
});

/** Full range and BT.709, as `x265-params` say too. */
export const hevcIntra = withFfmpeg({
  about: 'HEVC (x265), one intra frame at a constant quantiser, preset slow',
  knob: { name: 'qp', unit: '', ladder: [47, 42, 37, 32, 27, 22], range: [0, 51], whole: true },
  options: { ...chroma, tune: ['none', 'psnr'] },
  encoder: 'libx265',
  extension: '.hevc',
  encodeArgs: ({ qp, chroma: sampling, tune }) => [
    '-vf',
    `scale=in_range=pc:out_range=pc:out_color_matrix=bt709:${EXACT_CHROMA},format=yuv${sampling!.replaceAll(':', '')}p`,
    ...['-frames:v', '1', '-c:v', 'libx265', '-preset', 'slow'],
    ...(tune === 'psnr' ? ['-tune', 'psnr'] : []),
    '-x265-params',
    `qp=${qp}:keyint=1:info=0:range=full:colormatrix=bt709:pools=1:log-level=error`,
    ...['-f', 'hevc'],
  ],
  decodeArgs: [
    ...['-vf', `scale=in_range=pc:in_color_matrix=bt709:${EXACT_CHROMA},format=rgb24`, '-frames:v', '1'],
  ],
});

type Facts = Pick<ImageBaseline, 'about' | 'knob' | 'options'>;

function withFfmpeg(
  codec: Facts & {
    readonly encoder: string;
    readonly extension: string;
    encodeArgs(settings: Settings): string[];
    readonly decodeArgs: readonly string[];
  },
): ImageBaseline {
  const { about, knob, options, encoder, extension, encodeArgs, decodeArgs } = codec;
  return {
    ...{ media: 'image', about, knob, options },
    whyAbsent: () => whyNoEncoder(encoder),
    encode: (image, settings) =>
      inFolder(async (png, coded) => {
        await writeImage(png, image);
        const args = ['-i', png, ...encodeArgs(settings), coded];
        const use = await runFfmpeg(args, `cannot encode with ${encoder}`);
        return { result: await readFile(coded), use };
      }, extension),
    decode: (bytes) =>
      inFolder(async (png, coded) => {
        await writeFile(coded, bytes);
        const use = await runFfmpeg(['-i', coded, ...decodeArgs, png], `cannot decode with ${encoder}`);
        return { result: await readImage(png), use };
      }, extension),
  };
}

function withSharp(
  codec: Facts & {
    encode(raw: Sharp, settings: Settings): Sharp;
  },
): ImageBaseline {
  return {
    ...codec,
    media: 'image',
    whyAbsent: () => undefined,
    async encode({ width, height, channels, data }, settings) {
      const { default: sharp } = await import('sharp');
      const raw = sharp(data, { raw: { width, height, channels } });
      return { result: await codec.encode(raw, settings).toBuffer() };
    },
    decode: async (bytes) => ({ result: await readImage(bytes) }),
  };
}

async function inFolder<T>(work: (png: string, coded: string) => Promise<T>, extension: string): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'codec-image-'));
  try {
    return await work(path.join(folder, 'picture.png'), path.join(folder, `coded${extension}`));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
