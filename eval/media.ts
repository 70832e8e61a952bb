export type Media = 'audio' | 'image' | 'video';

const EXTENSIONS = {
  audio: 'wav wave flac mp3 ogg oga opus m4a aac aif aiff wma caf amr codec ecdc',
  image: 'png jpg jpeg webp avif tif tiff gif bmp jxl',
  video: 'mkv mp4 webm mov avi y4m m4v mpg mpeg ts h264 hevc obu ivf',
} as const;

const mediaByExtension = new Map(
  Object.entries(EXTENSIONS).flatMap(([media, names]) =>
    names.split(' ').map((name) => [name, media as Media] as const),
  ),
);

/** What a file holds, by the extension of its name; undefined for names that tell nothing. */
export function mediaOfFile(path: string): Media | undefined {
  return mediaByExtension.get(/\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? '');
}
