import { readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { CodecError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import { readAudio } from '../media/audio-file.ts';
import { cachedSamples } from './clip-cache.ts';
import { inParallel } from './pool.ts';

const AUDIO = /\.(wav|flac|ogg|opus|mp3|m4a|g722)$/i;

/** A clip held in memory as 16-bit samples: an hour at 24 kHz is 173 MB. */
export interface Clip {
  readonly name: string;
  readonly samples: Int16Array;
}

export interface LoadOptions {
  readonly sampleRateHz: number;
  /** Folder that keeps decoded samples for the next time; none when left out. */
  readonly cache?: string | undefined;
  readonly onProgress?: (done: number, total: number) => void;
  /** Told of files that cannot be read: they are left out. */
  readonly onBad?: (file: string, error: unknown) => void;
}

/** Decodes every audio file below a folder to mono clips, in name order, as many at a time as there are processors. */
export async function loadClips(
  folder: string,
  { sampleRateHz, cache, onProgress, onBad }: LoadOptions,
): Promise<Clip[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause) => {
    throw new CodecError(
      'bad-argument',
      { what: `cannot read the folder ${folder}`, remedy: 'Check --data.' },
      { cause },
    );
  });
  const files = entries
    .filter((e) => (e.isFile() || e.isSymbolicLink()) && AUDIO.test(e.name))
    .map((e) => path.join(e.parentPath, e.name))
    .sort();
  let done = 0;
  const read = await inParallel(files, os.availableParallelism(), async (file) => {
    const decode = () => decodeFile(file, sampleRateHz);
    try {
      const samples = await (cache === undefined
        ? decode()
        : cachedSamples(cache, file, sampleRateHz, decode));
      return { name: path.relative(folder, file), samples };
    } catch (error) {
      onBad?.(file, error);
      return undefined;
    } finally {
      onProgress?.(++done, files.length);
    }
  });
  const clips = read.filter((clip) => clip !== undefined);
  if (clips.length === 0) {
    throw new CodecError('bad-argument', {
      what: `there is nothing to train on in ${folder}`,
      found: `${files.length} audio files, none readable`,
      expected: 'WAV, FLAC, Ogg, Opus, MP3, M4A or G.722 files',
    });
  }
  return clips;
}

async function decodeFile(file: string, sampleRateHz: number): Promise<Int16Array<ArrayBuffer>> {
  const { channels } = await readAudio(file, { sampleRateHz, channels: 1 });
  return Int16Array.from(channels[0]!, (v) => Math.max(-32768, Math.min(32767, Math.round(v * 32768))));
}

/** Splits clips into training and validation by the first part of their name (LibriSpeech's speaker), seeded. */
export function splitClips(
  clips: readonly Clip[],
  share: number,
  rng: Rng,
): { train: Clip[]; validation: Clip[] } {
  const speakerOf = (clip: Clip) => path.basename(clip.name).split('-')[0]!;
  const speakers = [...new Set(clips.map(speakerOf))].sort();
  for (let i = speakers.length - 1; i > 0; i--) {
    const j = rng.int(i + 1);
    [speakers[i], speakers[j]] = [speakers[j]!, speakers[i]!];
  }
  const held = new Set(speakers.slice(0, Math.floor(speakers.length * share)));
  return {
    train: clips.filter((clip) => !held.has(speakerOf(clip))),
    validation: clips.filter((clip) => held.has(speakerOf(clip))),
  };
}
