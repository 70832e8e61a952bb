const IMAGE = /\.(png|jpe?g|webp|avif|gif|tiff?|bmp|jxl)$/i;

/** What an input holds, by its name. Whatever is not plainly something else is taken for sound. */
export function mediaOf(input: string): 'audio' | 'image' {
  return IMAGE.test(input) ? 'image' : 'audio';
}
