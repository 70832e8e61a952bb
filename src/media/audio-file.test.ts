import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AudioSignal } from '../core/signal.ts';
import { createAudioWriter, openAudio, readAudio, writeAudio } from './audio-file.ts';
import { collectBlocks } from './audio-stream.ts';
import { resample } from './resample.ts';

let folder: string;
let path: (name: string) => string;
const tone = (hz: number, rateHz: number, length: number) =>
  Float32Array.from({ length }, (_, t) => Math.fround(0.5 * Math.sin((2 * Math.PI * hz * t) / rateHz)));
const stereo: AudioSignal = {
  kind: 'audio',
  sampleRateHz: 44_100,
  channels: [tone(440, 44_100, 20_000), tone(880, 44_100, 20_000)],
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'audio-file-'));
  path = (name) => join(folder, name);
  await writeAudio(path('stereo.wav'), stereo, { format: 'float32' });
});
afterAll(() => rm(folder, { recursive: true }));

it('writes and reads a WAV as it is', async () => {
  expect(await readAudio(path('stereo.wav'))).toEqual(stereo);
  expect((await openAudioClosed(path('stereo.wav'))).lengthSamples).toBe(20_000);
});

it('mixes and resamples on the fly, like the whole at once', async () => {
  const options = { sampleRateHz: 24_000, channels: 1 };
  const stream = await openAudio(path('stereo.wav'), options);
  expect(stream).toMatchObject({ ...options, lengthSamples: Math.round((20_000 * 24_000) / 44_100) });
  const [samples] = await collectBlocks(stream);
  expect(samples).toHaveLength(stream.lengthSamples!);
  const mono = stereo.channels[0]!.map((v, t) => (v + stereo.channels[1]![t]!) / 2);
  const expected = await resample({ ...stereo, channels: [mono] }, 24_000);
  expect(samples).toEqual(expected.channels[0]);
});

it('makes stereo of mono', async () => {
  await writeAudio(path('mono.wav'), { ...stereo, channels: [stereo.channels[0]!] }, { format: 'float32' });
  const { channels } = await readAudio(path('mono.wav'), { channels: 2, sampleRateHz: 48_000 });
  expect(channels).toHaveLength(2);
  expect(channels[0]).toEqual(channels[1]);
});

it('tells WAV by its content, not its name', async () => {
  await copyFile(path('stereo.wav'), path('stereo.mp3'));
  expect(await readAudio(path('stereo.mp3'))).toEqual(stereo);
});

it('reads and writes streams', async () => {
  expect(await readAudio(createReadStream(path('stereo.wav')))).toEqual(stereo);
  const pipe = new PassThrough();
  const writing = writeAudio(pipe, stereo, { format: 'float32' }).then(() => pipe.end());
  expect(await readAudio(pipe)).toEqual(stereo);
  await writing;
});

it('an existing file stays unless forced', async () => {
  await writeFile(path('old.wav'), 'old');
  await expect(writeAudio(path('old.wav'), stereo)).rejects.toMatchObject({ code: 'output-exists' });
  expect(await readFile(path('old.wav'), 'utf8')).toBe('old');
  expect(await writeAudio(path('old.wav'), stereo, { force: true })).toEqual({ clippedSamples: 0 });
});

describe('refusals', () => {
  it.each<[string, () => unknown, string, string | RegExp]>([
    [
      'no such file',
      () => readAudio(path('none.wav')),
      'bad-audio',
      /none\.wav: found no such file.* Check the path/,
    ],
    ['a directory', () => readAudio(folder), 'bad-audio', /found a directory, expected an audio file/],
    ['an empty stream', () => readAudio(new PassThrough().end()), 'bad-audio', /found no bytes/],
    ['6 channels', () => readAudio(path('stereo.wav'), { channels: 6 }), 'bad-audio', /found 2 channels/],
    ['a rate of 0', () => openAudio(path('stereo.wav'), { sampleRateHz: 0 }), 'bad-argument', /to 0 Hz/],
    [
      'nothing to write',
      () => writeAudio(path('x.wav'), { ...stereo, channels: [] }),
      'bad-audio',
      /no samples/,
    ],
  ])('%s', async (_name, work, code, message) => {
    await expect(work()).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('audio without samples, known at once or only at the end', async () => {
    const writer = await createAudioWriter(path('empty.wav'), {
      sampleRateHz: 8000,
      channels: 1,
      lengthSamples: 0,
    });
    await writer.finish();
    await expect(readAudio(path('empty.wav'))).rejects.toMatchObject({
      code: 'bad-audio',
      parts: { found: 'no samples' },
    });
    const pipe = new PassThrough();
    await (await createAudioWriter(pipe, { sampleRateHz: 8000, channels: 1 })).finish();
    await expect(readAudio(pipe.end())).rejects.toMatchObject({
      code: 'bad-audio',
      parts: { found: 'no samples' },
    });
  });

  it('NaN, with its position in the file', async () => {
    const bytes = await readFile(path('stereo.wav'));
    bytes.writeFloatLE(Number.NaN, bytes.length - 4);
    await writeFile(path('nan.wav'), bytes);
    await expect(readAudio(path('nan.wav'), { channels: 1, sampleRateHz: 8000 })).rejects.toMatchObject({
      code: 'bad-audio',
      message: expect.stringContaining('found NaN at sample 19999'),
    });
  });
});

const hasFfmpeg = (() => {
  try {
    return execFileSync('ffmpeg', ['-version']).length > 0;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasFfmpeg)('through ffmpeg (skipped where it is not installed)', () => {
  it('FLAC there and back, mono at 24 kHz, from path and pipe', async () => {
    const audio: AudioSignal = {
      ...stereo,
      channels: stereo.channels.map((c) => c.map((v) => Math.round(v * 32_768) / 32_768 + 0)),
    };
    await writeAudio(path('stereo.flac'), audio);
    expect(await readAudio(path('stereo.flac'))).toEqual(audio);
    expect(await readAudio(createReadStream(path('stereo.flac')))).toEqual(audio);
    const stream = await openAudio(path('stereo.flac'), { sampleRateHz: 24_000, channels: 1 });
    expect(stream.estimatedLengthSamples).toBe(10_884);
    expect((await collectBlocks(stream))[0]).toHaveLength(10_884);
  });

  it('takes a WAV of A-law', async () => {
    execFileSync('ffmpeg', ['-v', 'error', '-i', path('stereo.wav'), '-c:a', 'pcm_alaw', path('alaw.wav')]);
    expect((await readAudio(path('alaw.wav'))).channels[1]).toHaveLength(20_000);
  });

  it.each([
    'pcm_u8',
    'pcm_s16le',
    'pcm_s24le',
    'pcm_s32le',
    'pcm_f32le',
    'pcm_f64le',
  ])('reads %s as ffmpeg does', async (codec) => {
    const wav = path(`${codec}.wav`);
    const ffmpeg = (...args: string[]) =>
      execFileSync('ffmpeg', ['-v', 'error', ...args], { maxBuffer: 1e7 });
    ffmpeg('-i', path('stereo.wav'), '-ac', '1', '-c:a', codec, wav);
    const raw = ffmpeg('-i', wav, '-f', 'f32le', '-');
    const expected = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
    expect((await readAudio(wav)).channels[0]).toEqual(expected);
  });
});

async function openAudioClosed(file: string) {
  const stream = await openAudio(file);
  await stream.close();
  return stream;
}
