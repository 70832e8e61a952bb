import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openAudio, writeAudio } from './audio-file.ts';

// A file of its own: fluent-ffmpeg remembers for the whole process where it found ffmpeg.
const missing = {
  code: 'missing-tool',
  message: expect.stringContaining('Install ffmpeg (Debian: apt-get install ffmpeg) or give a WAV file.'),
};
let folder: string;
beforeAll(async () => {
  process.env.PATH = '';
  folder = await mkdtemp(join(tmpdir(), 'no-ffmpeg-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('reading says what to install, for a path and for a pipe', async () => {
  const path = join(folder, 'in.mp3');
  await writeFile(path, new Uint8Array(1000));
  await expect(openAudio(path)).rejects.toMatchObject(missing);
  const pipe = (async function* () {
    yield new Uint8Array(1000);
  })();
  await expect(openAudio(pipe)).rejects.toMatchObject(missing);
});

it('so does writing, and leaves nothing behind', async () => {
  const audio = { kind: 'audio' as const, sampleRateHz: 8000, channels: [new Float32Array(100_000)] };
  await expect(writeAudio(join(folder, 'out.flac'), audio)).rejects.toMatchObject(missing);
  expect(await readdir(folder)).toEqual(['in.mp3']);
});

it('WAV needs no ffmpeg', async () => {
  const path = join(folder, 'out.wav');
  await writeAudio(path, { kind: 'audio', sampleRateHz: 8000, channels: [new Float32Array(10)] });
  const stream = await openAudio(path);
  expect(stream.lengthSamples).toBe(10);
  await stream.close();
});
