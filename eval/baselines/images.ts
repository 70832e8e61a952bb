import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Sharp } from 'sharp';
import { readImage, writeImage } from '../../src/index.ts';
import type { ImageBaseline, Settings } from './baseline.ts';
import { runFfmpeg, whyNoEncoder } from './ffmpeg.ts';

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
  about: 'AVIF (libaom), effort 5',
  knob: quality([10, 20, 30, 45, 60, 75]),
  options: chroma,
  encode: (raw, { q, chroma: chromaSubsampling }) =>
    raw.avif({ quality: Number(q), chromaSubsampling: chromaSubsampling!, effort: 5 }),
});

/** JPEG XL, which sharp's own build lacks, through ffmpeg. */
export const jxl: ImageBaseline = {
  media: 'image',
  about: 'JPEG XL (libjxl), effort 7',
  knob: { name: 'distance', unit: '', ladder: [15, 10, 6, 4, 2, 1], range: [0, 15], whole: false },
  options: {},
  whyAbsent: () => whyNoEncoder('libjxl'),
  encode: (image, { distance }) =>
    inFolder(async (png, coded) => {
      await writeImage(png, image);
      const options = ['-c:v', 'libjxl', '-effort', '7', '-distance', distance!];
      await runFfmpeg(['-i', png, ...options, coded], 'cannot encode with jxl');
      return readFile(coded);
    }, '.jxl'),
  decode: (bytes) =>
    inFolder(async (png, coded) => {
      await writeFile(coded, bytes);
      await runFfmpeg(['-i', coded, '-pix_fmt', 'rgb24', png], 'cannot decode with jxl');
      return readImage(png);
    }, '.jxl'),
};

function withSharp(
  codec: Pick<ImageBaseline, 'about' | 'knob' | 'options'> & {
    encode(raw: Sharp, settings: Settings): Sharp;
  },
): ImageBaseline {
  return {
    ...codec,
    media: 'image',
    whyAbsent: () => undefined,
    async encode({ width, height, channels, data }, settings) {
      const { default: sharp } = await import('sharp');
      return codec.encode(sharp(data, { raw: { width, height, channels } }), settings).toBuffer();
    },
    decode: (bytes) => readImage(bytes),
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
