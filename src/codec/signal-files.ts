import type { Media, SignalOf } from '../fitting/representation.ts';
import { readAudio, writeAudio } from '../media/audio-file.ts';
import type { SampleFormat } from '../media/audio-stream.ts';
import { readClip, writeClip } from '../media/clip-file.ts';
import { readRaster, writeImage } from '../media/image-file.ts';

interface SignalWriteOptions {
  readonly force: boolean;
  /** Samples of a WAV. */
  readonly format?: SampleFormat;
}

interface SignalFiles {
  /** @param onLeftBehind is told what the file holds besides, that a signal of this medium does not, and what becomes of it */
  read(path: string, onLeftBehind?: (what: string, why: string) => void): Promise<SignalOf[Media]>;
  write(path: string, signal: SignalOf[Media], options: SignalWriteOptions): Promise<void>;
  /** Of a decoded file that is not named. */
  readonly extension: string;
}

/** How the signals of each medium are read from files and written to them, whole. */
export const signalFiles: Record<Media, SignalFiles> = {
  image: {
    read: (path) => readRaster(path),
    write: async (path, signal, options) => {
      await writeImage(path, as('image', signal), options);
    },
    extension: '.png',
  },
  video: {
    read: readClip,
    write: (path, signal, options) => writeClip(path, as('clip', signal), options),
    extension: '.mkv',
  },
  audio: {
    read: (path) => readAudio(path),
    write: async (path, signal, options) => {
      await writeAudio(path, as('audio', signal), options);
    },
    extension: '.wav',
  },
};

function as<K extends SignalOf[Media]['kind']>(
  kind: K,
  signal: SignalOf[Media],
): Extract<SignalOf[Media], { kind: K }> {
  if (signal.kind === kind) return signal as never;
  throw new Error(`internal: a ${signal.kind} where a ${kind} should be`);
}
