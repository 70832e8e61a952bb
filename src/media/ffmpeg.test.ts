import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { collectBlocks } from './audio-stream.ts';
import { openByteReader } from './byte-reader.ts';
import { openWithFfmpeg } from './ffmpeg-reader.ts';
import { createFfmpegWriter } from './ffmpeg-writer.ts';
import type { WriterOptions } from './wav-writer.ts';

const hasFfmpeg = ['ffmpeg', 'ffprobe'].every((tool) => {
  try {
    execFileSync(tool, ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

const rateHz = 44_100;
const rng = new Rng(1);
const left = new Float32Array(rateHz).map(() => Math.round(rng.normal() * 3000) / 32_768 + 0);
const right = left.map((v) => 0 - v);
const tone = new Float32Array(rateHz).map((_, t) => 0.5 * Math.sin((2 * Math.PI * 440 * t) / rateHz));

describe.skipIf(!hasFfmpeg)('ffmpeg (skipped where it is not installed)', () => {
  let folder: string;
  let path: (name: string) => string;
  const options: WriterOptions = { sampleRateHz: rateHz, channels: 2, force: true };
  const encode = async (name: string, planar: Float32Array[], more: Partial<WriterOptions> = {}) => {
    const writer = await createFfmpegWriter(path(name), { ...options, channels: planar.length, ...more });
    await writer.write(planar);
    return writer.finish();
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ffmpeg-'));
    path = (name) => join(folder, name);
    await encode('noise.flac', [left, right]);
  });
  beforeEach(async () => {
    // Whatever a test did, no temporary file may be left.
    expect((await readdir(folder)).filter((name) => name.includes('.tmp'))).toEqual([]);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('FLAC comes back exactly, from a path and from a pipe', async () => {
    const fromPath = await openWithFfmpeg(path('noise.flac'));
    expect(fromPath).toMatchObject({ sampleRateHz: rateHz, channels: 2, estimatedLengthSamples: rateHz });
    expect(await collectBlocks(fromPath)).toEqual([left, right]);
    const pipe = await openByteReader(createReadStream(path('noise.flac')));
    expect(await collectBlocks(await openWithFfmpeg(pipe))).toEqual([left, right]);
  });

  it('FLAC of 24 bits where asked for, and counts what is clipped', async () => {
    const fine = left.map((v) => v + 2 ** -23);
    await encode('fine.flac', [fine], { format: 'pcm24' });
    expect((await collectBlocks(await openWithFfmpeg(path('fine.flac'))))[0]).toEqual(fine);
    expect(await encode('loud.flac', [Float32Array.of(2, 0, -3)])).toEqual({ clippedSamples: 2 });
  });

  it.each(['mp3', 'ogg', 'm4a', 'mp4', 'opus'])('.%s keeps a tone', async (extension) => {
    await encode(`tone.${extension}`, [tone]);
    const stream = await openWithFfmpeg(path(`tone.${extension}`));
    const [samples] = await collectBlocks(stream);
    expect(stream.channels).toBe(1);
    expect(samples!.length / stream.sampleRateHz).toBeCloseTo(1, 1);
    const power = samples!.reduce((sum, v) => sum + v * v, 0) / samples!.length;
    // 0.125, which LAME scales by 0.95 squared.
    expect(power).toBeGreaterThan(0.11);
    expect(power).toBeLessThan(0.13);
  });

  it('decodes an ADPCM WAV and six channels', async () => {
    execFileSync('ffmpeg', [
      '-v',
      'error',
      '-i',
      path('noise.flac'),
      '-c:a',
      'adpcm_ima_wav',
      path('adpcm.wav'),
    ]);
    expect((await collectBlocks(await openWithFfmpeg(path('adpcm.wav')))).length).toBe(2);
    const six = [0, 1, 2, 3, 4, 5].map((c) =>
      left.map((v) => v / 2 ** c).map((v) => Math.round(v * 32_768) / 32_768),
    );
    await encode('six.flac', six);
    expect(await collectBlocks(await openWithFfmpeg(path('six.flac')))).toEqual(
      six.map((c) => c.map((v) => v + 0)),
    );
  });

  it('a damaged file is refused at its end with what ffmpeg said, unless tolerated', async () => {
    const bytes = await readFile(path('noise.flac'));
    bytes.fill(0x55, 60_000, 60_050);
    await writeFile(path('damaged.flac'), bytes);
    await expect(collectBlocks(await openWithFfmpeg(path('damaged.flac')))).rejects.toMatchObject({
      code: 'bad-audio',
      message: expect.stringMatching(
        /damaged\.flac without errors: found ".*(Invalid data|decode_frame|residual|crc)/i,
      ),
    });
    const tolerant = await openWithFfmpeg(path('damaged.flac'), { tolerateDamage: true });
    expect((await collectBlocks(tolerant))[0]!.length).toBeGreaterThan(30_000);
  });

  it('a cut file is refused', async () => {
    await writeFile(path('cut.flac'), (await readFile(path('noise.flac'))).subarray(0, 50_000));
    await expect(collectBlocks(await openWithFfmpeg(path('cut.flac')))).rejects.toMatchObject({
      code: 'bad-audio',
    });
  });

  it('noise, text and video without sound are refused, from path and pipe', async () => {
    await writeFile(
      path('noise.mp3'),
      new Uint8Array(5000).map(() => rng.int(256)),
    );
    await writeFile(path('text.txt'), 'no sound here\n'.repeat(50));
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'color=d=0.1', path('silent.mp4')]);
    for (const name of ['noise.mp3', 'text.txt', 'silent.mp4']) {
      await expect(openWithFfmpeg(path(name))).rejects.toMatchObject({ code: 'bad-audio' });
      const pipe = await openByteReader(createReadStream(path(name)));
      await expect(openWithFfmpeg(pipe)).rejects.toMatchObject({ code: 'bad-audio' });
    }
  });

  it('an idle pipe after bytes that are no audio does not hang', async () => {
    async function* idle() {
      yield new Uint8Array(10_000_000).fill(7);
      await new Promise(() => {});
    }
    const reader = await openByteReader(idle());
    await expect(openWithFfmpeg(reader)).rejects.toMatchObject({ code: 'bad-audio' });
  });

  it('a pipe that fails passes its own error on', async () => {
    async function* failing() {
      yield (await readFile(path('noise.flac'))).subarray(0, 30_000);
      throw new Error('connection lost');
    }
    const read = async () => collectBlocks(await openWithFfmpeg(await openByteReader(failing())));
    await expect(read()).rejects.toMatchObject({ parts: { found: 'connection lost' } });
  });

  it('stops when the reader has enough', async () => {
    const stream = await openWithFfmpeg(path('noise.flac'));
    for await (const block of stream.blocks()) {
      expect(block[0]!.length).toBeLessThanOrEqual(16_384);
      break;
    }
    const unread = await openWithFfmpeg(path('noise.flac'));
    await unread.close();
    await unread.close();
  });

  it('an extension ffmpeg does not know, none, an existing file', async () => {
    for (const name of ['out.xyz', 'out', 'out.txt']) {
      await expect(encode(name, [left])).rejects.toMatchObject({ code: 'bad-argument' });
    }
    await expect(encode('noise.flac', [left], { force: false })).rejects.toMatchObject({
      code: 'output-exists',
    });
  });

  it('abort leaves nothing, started or not', async () => {
    const writer = await createFfmpegWriter(path('gone.flac'), options);
    await writer.abort();
    const later = await createFfmpegWriter(path('gone.flac'), options);
    for (let i = 0; i < 20; i++) await later.write([left, right]);
    await later.abort();
    await later.abort();
    expect((await readdir(folder)).filter((name) => name.startsWith('gone'))).toEqual([]);
  });

  it('NaN is refused and leaves nothing', async () => {
    await expect(encode('nan.flac', [Float32Array.of(0, Number.NaN)])).rejects.toMatchObject({
      code: 'bad-audio',
    });
    expect((await readdir(folder)).filter((name) => name.startsWith('nan'))).toEqual([]);
  });
});
