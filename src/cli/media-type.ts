import type { Media } from '../fitting/representation.ts';

const IMAGE = /\.(png|jpe?g|webp|avif|gif|tiff?|bmp|jxl)$/i;
const VIDEO = /\.(mp4|m4v|mkv|mov|webm|avi|mpe?g|ts|y4m|ogv|wmv|flv)$/i;

/** What an input holds, by its name. Whatever is not plainly something else is taken for sound. */
export function mediaOf(input: string): Media {
  if (IMAGE.test(input)) return 'image';
  return VIDEO.test(input) ? 'video' : 'audio';
}
