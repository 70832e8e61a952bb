import { existsSync, statSync } from 'node:fs';
import { CodecError } from '../core/errors.ts';
import type { ImageSignal } from '../core/signal.ts';
import { reserveOutput } from './atomic-file.ts';

/**
 * A picture from a file or its bytes: PNG, JPEG, WebP, AVIF, TIFF, GIF, SVG. Turned upright, converted to 8-bit sRGB or
 * grey; transparency is laid on black.
 *
 * Throws `bad-image`.
 */
export async function readImage(source: string | Uint8Array): Promise<ImageSignal> {
  const name = typeof source === 'string' ? source : 'the picture';
  if (typeof source === 'string' && !(existsSync(source) && statSync(source).isFile())) {
    const found = existsSync(source) ? 'a folder' : 'no such file';
    throw new CodecError('bad-image', { what: `cannot read ${name}`, found, remedy: 'Check the path.' });
  }
  const { default: sharp } = await import('sharp');
  try {
    const image = sharp(source, { failOn: 'error' }).autoOrient();
    const { channels } = await image.metadata();
    const grey = channels <= 2;
    const { data, info } = await image
      .flatten()
      .toColourspace(grey ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { kind: 'image', width: info.width, height: info.height, channels: grey ? 1 : 3, data };
  } catch (error) {
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

/** Writes a picture in the format of the path's extension, losslessly where the format can. Errors as for `createAtomicFile`. */
export async function writeImage(
  path: string,
  image: ImageSignal,
  options: { readonly force?: boolean } = {},
): Promise<void> {
  const { default: sharp } = await import('sharp');
  const { width, height, channels, data } = image;
  const extension = /\.[^./]+$/.exec(path)?.[0] ?? '.png';
  const output = await reserveOutput(path, { ...options, extension });
  try {
    const raw = sharp(data, { raw: { width, height, channels } });
    await (extension === '.webp' ? raw.webp({ lossless: true }) : raw).toFile(output.temporaryPath);
    await output.commit();
  } catch (error) {
    await output.abort();
    throw error;
  }
}
