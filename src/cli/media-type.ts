import path from 'node:path';
import { CodecError } from '../core/errors.ts';

const IMAGE = /\.(png|jpe?g|webp|avif|gif|tiff?|bmp|jxl)$/i;

/** The recipe for an input when none is asked for. Whatever is not plainly something else is taken for sound. */
export function defaultRecipe(input: string): string {
  if (IMAGE.test(input)) {
    throw new CodecError('bad-argument', {
      what: `there is no recipe for images yet`,
      found: path.basename(input),
      expected: 'a sound file',
    });
  }
  return 'encodec-24k';
}
