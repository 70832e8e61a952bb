import { CodecError } from '../core/errors.ts';
import type { Clip } from '../core/signal.ts';
import type { OutputOptions } from './atomic-file.ts';
import { openVideo } from './video-file.ts';
import { createVideoWriter } from './video-writer.ts';

/** What a clip in memory may take. */
const MAX_BYTES = 2 ** 31;

/** ffmpeg's names of pixel formats with an alpha channel, and of those with more than 8 bits a sample. */
const TRANSPARENT = /^(yuva|gbrap|rgba|argb|bgra|abgr|ya\d|ayuv|vuya)/;
const DEEP = /(9|10|12|14|16|32|48|64|nv20)(le|be)$/;

/** What a file holds that is not read, and what becomes of it. */
type LeftBehind = (what: string, why: string) => void;

/**
 * A whole video in memory, 8-bit R, G, B; see `openVideo`. A file that does not tell its rate gets 25 frames a second.
 * @param onLeftBehind is told what else the file holds
 *
 * Throws `bad-video`, also for one that would take more than 2 GiB, and `missing-tool`.
 */
export async function readClip(path: string, onLeftBehind: LeftBehind = () => {}): Promise<Clip> {
  const video = await openVideo(path);
  const { width, height, rateNumerator, rateDenominator, soundTracks, pixelFormat, frames } = video;
  if (soundTracks > 0) onLeftBehind('its sound', 'a recipe for sound codes it to a file of its own');
  if (TRANSPARENT.test(pixelFormat)) onLeftBehind('its alpha channel', 'the colours are coded as they are');
  if (DEEP.test(pixelFormat)) onLeftBehind('what its samples hold beyond 8 bits', `they are ${pixelFormat}`);
  const pictures: Uint8Array[] = [];
  for await (const { data } of frames()) {
    pictures.push(data);
    if (pictures.length * data.length > MAX_BYTES) {
      throw new CodecError('bad-video', {
        what: `${path} is too long to be encoded as a whole`,
        found: `more than ${pictures.length - 1} frames of ${width} x ${height}`,
        expected: `at most ${Math.floor(MAX_BYTES / data.length)}`,
        remedy: 'Cut it: ffmpeg -i IN -t 10 -c copy PART.mkv',
      });
    }
  }
  if (pictures.length === 0) {
    throw new CodecError('bad-video', { what: `cannot use ${path}`, found: 'no frames' });
  }
  const rate =
    rateNumerator > 0 ? { rateNumerator, rateDenominator } : { rateNumerator: 25, rateDenominator: 1 };
  return { kind: 'clip', width, height, ...rate, pictures };
}

/** Writes a clip in the format of the path's extension. Errors as for `createVideoWriter`. */
export async function writeClip(path: string, clip: Clip, options: OutputOptions = {}): Promise<void> {
  const { pictures, width, height, rateNumerator, rateDenominator } = clip;
  const writer = await createVideoWriter(path, { ...options, width, height, rateNumerator, rateDenominator });
  try {
    for (const picture of pictures) await writer.write(picture);
    await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
