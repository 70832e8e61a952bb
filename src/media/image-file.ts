import { existsSync, statSync } from 'node:fs';
import type { Sharp } from 'sharp';
import { CodecError } from '../core/errors.ts';
import type { ImageSignal, RasterImage } from '../core/signal.ts';
import { type OutputOptions, reserveOutput } from './atomic-file.ts';
import { openByteSink } from './byte-sink.ts';

/**
 * A picture from a file or its bytes, with the depth and the alpha channel it has: PNG, JPEG, WebP, AVIF, TIFF, GIF, SVG. Turned
 * upright as its EXIF says, its colours converted from its ICC profile, if any, to sRGB; profile and metadata are not kept. Of
 * several pages or frames the first.
 *
 * Throws `bad-image`: no such file, damaged, or samples other than 8 or 16 bits.
 */
export async function readRaster(source: string | Uint8Array): Promise<RasterImage> {
  let grey = false;
  const image = await decode(source, async (opened) => {
    const { channels, depth, space } = await opened.metadata();
    if (depth !== 'uchar' && depth !== 'ushort') {
      throw new CodecError('bad-image', {
        what: `cannot use ${nameOf(source)}`,
        found: `samples of type ${depth}`,
        expected: '8 or 16 bits a sample',
        remedy: 'Convert it to a 16-bit PNG or TIFF first.',
      });
    }
    grey = isGrey(channels, space);
    // Palettes and single bits come as 8 bits.
    if (depth === 'ushort')
      return (await inSrgb(opened)).toColourspace(grey ? 'grey16' : 'rgb16').raw({ depth: 'ushort' });
    // Of grey with alpha sharp would give the grey alone.
    return opened.toColourspace(grey && channels === 1 ? 'b-w' : 'srgb').raw({ depth: 'uchar' });
  });
  return grey && image.channels === 4 ? greyOf(image) : image;
}

function greyOf({ data, ...image }: RasterImage): RasterImage {
  return { ...image, channels: 2, data: data.filter((_, i) => i % 4 === 0 || i % 4 === 3) };
}

/**
 * The same picture as metrics compare it: 8-bit sRGB or grey, transparency laid on black.
 *
 * Throws `bad-image`.
 */
export async function readImage(source: string | Uint8Array): Promise<ImageSignal> {
  const image = await decode(source, async (opened) => {
    const { channels, space } = await opened.metadata();
    return opened
      .flatten()
      .toColourspace(isGrey(channels, space) ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' });
  });
  return image as ImageSignal;
}

/** Two channels or fewer are grey and perhaps alpha. */
function isGrey(channels: number | undefined, space: string | undefined): boolean {
  return channels !== undefined && channels <= 2 && space !== 'cmyk';
}

/** Deep pictures with a profile: sharp would take them to P3, so the profile is applied on its own first. */
async function inSrgb(image: Sharp): Promise<Sharp> {
  const { icc } = await image.metadata();
  return icc ? image.withIccProfile('srgb', { attach: false }) : image;
}

async function decode(
  source: string | Uint8Array,
  convert: (image: Sharp) => Promise<Sharp>,
): Promise<RasterImage> {
  const name = nameOf(source);
  if (typeof source === 'string' && !(existsSync(source) && statSync(source).isFile())) {
    const found = existsSync(source) ? 'a folder' : 'no such file';
    throw new CodecError('bad-image', { what: `cannot read ${name}`, found, remedy: 'Check the path.' });
  }
  const { default: sharp } = await import('sharp');
  try {
    const converted = await convert(sharp(source, { failOn: 'error' }).autoOrient());
    const { data, info } = await converted.toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const channels = info.channels as RasterImage['channels'];
    const deep = data.length === 2 * width * height * channels;
    const samples = deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
    return { kind: 'image', width, height, channels, data: samples };
  } catch (error) {
    if (error instanceof CodecError) throw error;
    throw new CodecError(
      'bad-image',
      {
        what: `cannot decode ${name}`,
        found: `"${error instanceof Error ? error.message : String(error)}"`,
        expected: 'an undamaged PNG, JPEG, WebP, AVIF, TIFF or GIF',
      },
      { cause: error },
    );
  }
}

function nameOf(source: string | Uint8Array): string {
  return typeof source === 'string' ? source : 'the picture';
}

/** Settings of formats that are lossy unless told otherwise; 16-bit pictures keep their depth in the first two. */
const FORMATS: Readonly<Record<string, (image: Sharp) => Sharp>> = {
  '.png': (image) => image.png(),
  '.tif': (image) => image.tiff({ compression: 'deflate' }),
  '.tiff': (image) => image.tiff({ compression: 'deflate' }),
  '.webp': (image) => image.webp({ lossless: true }),
  '.avif': (image) => image.avif({ lossless: true }),
  '.jpg': (image) => image.jpeg({ quality: 95, chromaSubsampling: '4:4:4' }),
  '.jpeg': (image) => image.jpeg({ quality: 95, chromaSubsampling: '4:4:4' }),
};

const DEEP_FORMATS = ['.png', '.tif', '.tiff'];

/** Extensions that `writeImage` knows. */
export const imageExtensions = Object.keys(FORMATS);

/**
 * Writes a picture in the format of the path's extension: PNG, TIFF, WebP, AVIF without loss (16 bits in PNG and TIFF, 8 in the
 * others), JPEG at quality 95 on black where it is transparent; `-`: as PNG to standard output. Errors as for `createAtomicFile`, and `bad-argument` for another
 * extension.
 */
export async function writeImage(
  path: string,
  image: RasterImage,
  options: OutputOptions = {},
): Promise<void> {
  const extension = (/\.[^./\\]+$/.exec(path)?.[0] ?? '.png').toLowerCase();
  const format = FORMATS[extension];
  if (!format) {
    throw new CodecError('bad-argument', {
      what: `cannot write ${path}`,
      found: `the extension ${extension}`,
      expected: imageExtensions.join(', '),
    });
  }
  const { default: sharp } = await import('sharp');
  const { width, height, channels, data } = image;
  const raw = sharp(data, { raw: { width, height, channels } });
  const deep = data instanceof Uint16Array && DEEP_FORMATS.includes(extension);
  const grey = channels <= 2;
  const space = deep ? (grey ? 'grey16' : 'rgb16') : grey ? 'b-w' : 'srgb';
  const picture = format(raw.toColourspace(space));
  if (path === '-') {
    const sink = await openByteSink(process.stdout, options);
    await sink.write(await picture.toBuffer());
    await sink.commit();
    return;
  }
  const output = await reserveOutput(path, { ...options, extension });
  try {
    await picture.toFile(output.temporaryPath);
    await output.commit();
  } catch (error) {
    await output.abort();
    throw error;
  }
}
