import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import type { RasterImage } from '../../src/core/signal.ts';
import { readRaster, writeImage } from '../../src/media/image-file.ts';
import { codec, failureOf, jsonOf, start } from './command.ts';
import { chirp, freshFolders, wavBytes } from './fixtures.ts';

const folder = freshFolders();

function picture(width: number, height: number): RasterImage {
  const rng = new Rng(2);
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => 3 * (i % 50) + rng.int(20));
  return { kind: 'image', width, height, channels: 3, data };
}

async function withPicture(width = 20, height = 14): Promise<string> {
  const place = folder();
  await writeImage(path.join(place, 'photo.png'), picture(width, height));
  return place;
}

describe('codec encode of sound that is fitted', () => {
  it('keeps to a bitrate, and decode gives as much sound', async () => {
    const place = folder();
    writeFileSync(path.join(place, 'a.wav'), wavBytes(chirp(16_000), { sampleRateHz: 16_000 }));
    const args = ['encode', 'a.wav', '--recipe', 'inr-audio', '--steps', '4', '--bitrate', '12'];
    const told = jsonOf(await codec(place, ...args, '--json'));
    expect(told).toMatchObject({ output: 'a.codec', recipe: 'inr-audio' });
    const { length } = readFileSync(path.join(place, 'a.codec'));
    expect(told.kbps).toBeCloseTo((8 * length) / 1000, 6);
    expect(told.kbps).toBeLessThanOrEqual(12);
    const about = jsonOf(await codec(place, 'info', 'a.codec', '--json'));
    expect(about).toMatchObject({
      sampleRateHz: 16_000,
      channels: 1,
      lengthSamples: 16_000,
      kbps: told.kbps,
    });
    expect(about.macPerSample).toBeGreaterThan(0);
    const decoded = jsonOf(await codec(place, 'decode', 'a.codec', '-o', 'out.wav', '--json'));
    expect(decoded).toMatchObject({ output: 'out.wav', lengthSamples: 16_000 });
    await codec(place, 'decode', 'a.codec', '-o', 'float.wav', '--format', 'float32');
    const [short, long] = ['out.wav', 'float.wav'].map((name) => readFileSync(path.join(place, name)).length);
    expect(long! - short!).toBeGreaterThanOrEqual(2 * 16_000);
    const fails = await codec(place, ...args, '--quality', '3', '--force');
    expect(failureOf(fails, 2)).toMatch(/--bitrate excludes --quality and --bpp/);
    const least = await codec(place, ...args.slice(0, -1), '0.01', '--force');
    expect(failureOf(least)).toMatch(/cannot code this in 0.01 kbps: found [\d.]+ kbps at least/);
  }, 180_000);
});

describe('codec encode of a picture', () => {
  it('takes the recipe for pictures, and decode gives one of its size', async () => {
    const place = await withPicture();
    const told = jsonOf(await codec(place, 'encode', 'photo.png', '--steps', '2', '--json'));
    expect(told).toMatchObject({ output: 'photo.codec', recipe: 'inr-image', interrupted: false });
    expect(told.bytes).toBe(readFileSync(path.join(place, 'photo.codec')).length);
    expect(told.bpp).toBeCloseTo((8 * (told.bytes as number)) / (20 * 14), 6);
    const about = jsonOf(await codec(place, 'info', 'photo.codec', '--json'));
    expect(about).toMatchObject({ recipe: 'inr-image', width: 20, height: 14, channels: 3, bitDepth: 8 });
    expect(about.macPerPixel).toBeGreaterThan(0);
    const decoded = jsonOf(await codec(place, 'decode', 'photo.codec', '-o', 'out.png', '--json'));
    expect(decoded).toMatchObject({ output: 'out.png', width: 20, height: 14 });
    const piped = await codec(place, 'decode', 'photo.codec', '-o', '-');
    expect(piped.stdout.equals(readFileSync(path.join(place, 'out.png')))).toBe(true);
    expect(piped.stderr).toMatch(/^-: width 20, height 14/);
    expect(existsSync(path.join(place, '-'))).toBe(false);
    const { width, height, channels } = await readRaster(path.join(place, 'out.png'));
    expect({ width, height, channels }).toEqual({ width: 20, height: 14, channels: 3 });
  }, 180_000);

  it('gives the same file by one thread as by two, which halve a tile between them', async () => {
    const place = await withPicture(100, 150);
    for (const threads of ['1', '2']) {
      const args = ['encode', 'photo.png', '-o', `${threads}.codec`, '--steps', '4', '--threads', threads];
      expect((await codec(place, ...args)).status).toBe(0);
    }
    const [one, two] = ['1.codec', '2.codec'].map((name) => readFileSync(path.join(place, name)));
    expect(two!.equals(one!)).toBe(true);
  }, 180_000);

  it('keeps to a rate', async () => {
    const place = await withPicture(48, 40);
    const told = jsonOf(await codec(place, 'encode', 'photo.png', '--steps', '12', '--bpp', '3', '--json'));
    expect(told.bpp).toBeLessThanOrEqual(3);
    expect((8 * readFileSync(path.join(place, 'photo.codec')).length) / (48 * 40)).toBeLessThanOrEqual(3);
    const least = await codec(place, 'encode', 'photo.png', '--steps', '2', '--bpp', '0.001', '--force');
    expect(failureOf(least)).toMatch(/cannot code this in 0.001 bpp: found [\d.]+ bpp at least/);
  }, 180_000);

  it('refuses an output that is there before it fits', async () => {
    const place = await withPicture();
    writeFileSync(path.join(place, 'photo.codec'), 'mine');
    const before = performance.now();
    const args = ['encode', 'photo.png', '--steps', '1000000'];
    expect(failureOf(await codec(place, ...args))).toMatch(/will not overwrite photo.codec/);
    expect(failureOf(await codec(place, ...args, '-o', 'no/a.codec'))).toMatch(/cannot write no\/a.codec/);
    expect(performance.now() - before).toBeLessThan(60_000);
  }, 180_000);

  it('says what is wrong', async () => {
    const place = await withPicture();
    const fails = async (...args: string[]) => failureOf(await codec(place, 'encode', 'photo.png', ...args));
    expect(await fails('--preset', 'fats')).toMatch(/no preset "fats": expected fast, medium, slow/);
    expect(await fails('--bitrate', '6')).toMatch(/inr-image has no bitrates. Choose with --quality/);
    expect(await fails('--entropy', 'static')).toMatch(
      /inr-image has an entropy coder of its own: found --entropy/,
    );
    writeFileSync(path.join(place, 'a.wav'), wavBytes(chirp(800), { sampleRateHz: 16_000 }));
    const trained = await codec(place, 'encode', 'a.wav', '--recipe', 'mel-24k', '--quality', '50');
    expect(failureOf(trained)).toMatch(/mel-24k is not fitted to each signal: found --quality/);
    expect(await fails('--recipe', 'inr-image', '-o', 'a.ecdc')).toMatch(/cannot write .ecdc files/);
    const usage = await codec(place, 'encode', 'photo.png', '--quality', '0');
    expect(failureOf(usage, 2)).toMatch(/--quality takes a number from 1 to 100/);
    writeFileSync(path.join(place, 'broken.png'), 'no picture');
    expect(failureOf(await codec(place, 'encode', 'broken.png'))).toMatch(/cannot decode broken.png/);
  }, 180_000);

  it.skipIf(process.platform !== 'linux')(
    'saves the best so far at Ctrl-C where asked to',
    async () => {
      const place = await withPicture();
      const args = ['encode', 'photo.png', '--steps', '1000000', '--on-interrupt', 'save', '--json'];
      const { child, outcome } = await start(place, ...args);
      // The command listens for the signal before it loads the runtime.
      const hasRuntime = () => readFileSync(`/proc/${child.pid}/maps`, 'utf8').includes('onnxruntime');
      while (!hasRuntime()) await wait(50);
      await wait(500);
      child.kill('SIGINT');
      expect(jsonOf(await outcome)).toMatchObject({ output: 'photo.codec', interrupted: true });
      expect((await codec(place, 'decode', 'photo.codec')).status).toBe(1); // photo.png is there
      expect((await codec(place, 'decode', 'photo.codec', '-o', 'out.png')).status).toBe(0);
    },
    180_000,
  );

  it.skipIf(process.platform !== 'linux')(
    'keeps the fit in a folder and goes on from there',
    async () => {
      const place = await withPicture();
      const args = ['encode', 'photo.png', '--steps', '300'];
      const { child, outcome } = await start(place, ...args, '--checkpoint', 'fits');
      while (!existsSync(path.join(place, 'fits'))) await wait(20);
      await wait(1000);
      child.kill('SIGINT');
      expect(failureOf(await outcome)).toMatch(/stopped, the fit is kept in fits. The same command goes on/);
      expect(existsSync(path.join(place, 'photo.codec'))).toBe(false);
      expect(readdirSync(path.join(place, 'fits'))).toEqual(['fit-1.safetensors']);
      const other = await codec(place, ...args.slice(0, -1), '301', '--checkpoint', 'fits');
      expect(failureOf(other)).toMatch(/cannot go on with the fit kept in fits/);
      expect((await codec(place, ...args, '--checkpoint', 'fits')).status).toBe(0);
      expect(existsSync(path.join(place, 'fits'))).toBe(false);
      expect((await codec(place, ...args, '-o', 'whole.codec')).status).toBe(0);
      const [file, whole] = ['photo.codec', 'whole.codec'].map((name) =>
        readFileSync(path.join(place, name)),
      );
      expect(file!.equals(whole!)).toBe(true);
    },
    180_000,
  );
});
