import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { CodecError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import { readAudio } from '../media/audio-file.ts';

const AUDIO = /\.(wav|flac|ogg|opus|mp3|m4a|g722)$/i;

/** A segment's random gain, either way. */
export const GAIN_DB = 6;

/** A clip held in memory as 16-bit samples: an hour at 24 kHz is 173 MB. */
export interface Clip {
  readonly name: string;
  readonly samples: Int16Array;
}

/** Decodes every audio file below a folder to mono clips, in name order. Unreadable ones are reported and left out. */
export async function loadClips(
  folder: string,
  sampleRateHz: number,
  onProgress: (done: number, total: number) => void,
  onBad: (file: string, error: unknown) => void,
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
  const clips: Clip[] = [];
  for (const [i, file] of files.entries()) {
    try {
      const audio = await readAudio(file, { sampleRateHz, channels: 1 });
      const samples = Int16Array.from(audio.channels[0]!, (v) =>
        Math.max(-32768, Math.min(32767, Math.round(v * 32768))),
      );
      clips.push({ name: path.relative(folder, file), samples });
    } catch (error) {
      onBad(file, error);
    }
    onProgress(i + 1, files.length);
  }
  if (clips.length === 0) {
    throw new CodecError('bad-argument', {
      what: `there is nothing to train on in ${folder}`,
      found: `${files.length} audio files, none readable`,
      expected: 'WAV, FLAC, Ogg, Opus, MP3, M4A or G.722 files',
    });
  }
  return clips;
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

/** A batch of random segments [batch, length], each with a random gain of up to 6 dB either way, as far as it does not clip. */
export function drawBatch(
  clips: readonly Clip[],
  batch: number,
  length: number,
  rng: Rng,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(batch * length);
  const total = clips.reduce((sum, clip) => sum + clip.samples.length, 0);
  for (let b = 0; b < batch; b++) {
    // A clip is chosen in proportion to its length, so that every second is as likely as any other.
    const clip = clipAt(clips, rng.uniform() * total);
    const start = rng.int(Math.max(1, clip.samples.length - length));
    const segment = clip.samples.subarray(start, start + length);
    let peak = 1;
    for (const v of segment) peak = Math.max(peak, Math.abs(v));
    const gain = Math.min(10 ** ((2 * GAIN_DB * rng.uniform() - GAIN_DB) / 20), 32767 / peak) / 32768;
    for (let t = 0; t < segment.length; t++) out[b * length + t] = segment[t]! * gain;
  }
  return out;
}

function clipAt(clips: readonly Clip[], sample: number): Clip {
  let before = 0;
  for (const clip of clips) {
    before += clip.samples.length;
    if (sample < before) return clip;
  }
  return clips[clips.length - 1]!;
}
