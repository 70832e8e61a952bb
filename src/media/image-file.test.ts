import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { RasterImage } from '../core/signal.ts';
import { readImage, readRaster, writeImage } from './image-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'images-'));
let files = 0;
const fresh = (extension: string) => join(folder, `${files++}${extension}`);

/** A picture of 5 x 3 pixels in which every sample differs. */
function picture(channels: 1 | 2 | 3 | 4, deep: boolean): RasterImage {
  const size = 5 * 3 * channels;
  const data = deep
    ? Uint16Array.from({ length: size }, (_, i) => (i * 1009 + 7) % 65536)
    : Uint8Array.from({ length: size }, (_, i) => (i * 7 + 3) % 256);
  return { kind: 'image', width: 5, height: 3, channels, data };
}

describe('readRaster and writeImage', () => {
  for (const [extension, depths] of Object.entries({
    '.png': [false, true],
    '.tiff': [false, true],
    '.webp': [false],
  })) {
    for (const deep of depths) {
      for (const channels of [1, 2, 3, 4] as const) {
        // WebP has no grey.
        if (extension === '.webp' && channels < 3) continue;
        it(`${extension} keeps ${channels} channels of ${deep ? 16 : 8} bits exactly`, async () => {
          const path = fresh(extension);
          const written = picture(channels, deep);
          await writeImage(path, written);
          const read = await readRaster(path);
          expect({ ...read, data: [...read.data] }).toEqual({ ...written, data: [...written.data] });
          expect(read.data).toBeInstanceOf(deep ? Uint16Array : Uint8Array);
        });
      }
    }
  }

  it('takes 16 bits to 8 where the format has no more', async () => {
    const path = fresh('.webp');
    await writeImage(path, picture(3, true));
    const { data } = await readRaster(path);
    picture(3, true).data.forEach((value, i) => {
      expect(Math.abs(data[i]! - value / 257)).toBeLessThanOrEqual(1);
    });
  });

  it('turns a picture upright', async () => {
    const { data, ...size } = picture(3, false);
    const turned = await sharp(data, { raw: size }).withMetadata({ orientation: 6 }).png().toBuffer();
    const read = await readRaster(turned);
    expect([read.width, read.height]).toEqual([3, 5]);
    // Turned clockwise: the first row becomes the last column.
    expect([...read.data.subarray(6, 9)]).toEqual([...data.subarray(0, 3)]);
  });

  it('converts colours from the profile to sRGB, at both depths alike', async () => {
    const colour = [217, 89, 43];
    const tagged = async (deep: boolean) => {
      const samples = Array.from({ length: 12 }, (_, i) => colour[i % 3]! * (deep ? 257 : 1));
      const raw = deep ? Uint16Array.from(samples) : Uint8Array.from(samples);
      const image = sharp(raw, { raw: { width: 2, height: 2, channels: 3 } });
      // Written as samples in P3, whatever sharp does with their values.
      const file = await image
        .toColourspace(deep ? 'rgb16' : 'srgb')
        .withIccProfile('p3')
        .png()
        .toBuffer();
      const stored = sharp(file, { ignoreIcc: true }).toColourspace(deep ? 'rgb16' : 'srgb');
      const { buffer } = Uint8Array.from(await stored.raw({ depth: deep ? 'ushort' : 'uchar' }).toBuffer());
      const inside = deep ? new Uint16Array(buffer) : new Uint8Array(buffer);
      const read = await readRaster(file);
      const scale = deep ? 257 : 1;
      return [inside, read.data].map((values) => [...values.subarray(0, 3)].map((v) => v / scale));
    };
    for (const deep of [false, true]) {
      const [inP3, inSrgb] = await tagged(deep);
      const want = p3ToSrgb(inP3!);
      inSrgb!.forEach((value, i) => {
        expect(Math.abs(value - want[i]!)).toBeLessThan(4);
      });
      expect(Math.abs(inP3![0]! - inSrgb![0]!)).toBeGreaterThan(8);
    }
  });

  it('lays transparency on black for metrics', async () => {
    const path = fresh('.png');
    const data = Uint8Array.of(200, 100, 50, 0, 200, 100, 50, 255);
    await writeImage(path, { kind: 'image', width: 2, height: 1, channels: 4, data });
    expect([...(await readImage(path)).data]).toEqual([0, 0, 0, 200, 100, 50]);
  });

  it('refuses what it cannot use, and leaves nothing behind', async () => {
    const png = await sharp(picture(3, false).data, { raw: { width: 5, height: 3, channels: 3 } })
      .png()
      .toBuffer();
    const cut = fresh('.png');
    writeFileSync(cut, png.subarray(0, png.length - 20));
    for (const source of [cut, fresh('.png'), folder, Buffer.from('no picture')]) {
      await expect(readRaster(source)).rejects.toMatchObject({ code: 'bad-image' });
    }
    const floats = await sharp(Float32Array.of(0.5, 0.25, 1), { raw: { width: 1, height: 1, channels: 3 } })
      .toColourspace('scrgb')
      .tiff()
      .toBuffer();
    if ((await sharp(floats).metadata()).depth === 'float') {
      await expect(readRaster(floats)).rejects.toThrow(/found samples of type float/);
    }
    const before = readdirSync(folder).length;
    await expect(writeImage(fresh('.xyz'), picture(3, false))).rejects.toMatchObject({
      code: 'bad-argument',
    });
    await expect(writeImage(cut, picture(3, false))).rejects.toMatchObject({ code: 'output-exists' });
    expect(readdirSync(folder).length).toBe(before);
  });
});

/** 8-bit Display P3 to 8-bit sRGB by their primaries, out of range cut off (W3C CSS Color 4, sample code's matrices). */
function p3ToSrgb(rgb: readonly number[]): number[] {
  const linear = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  const matrix = [
    [1.2249, -0.2247, 0],
    [-0.042, 1.0419, 0],
    [-0.0197, -0.0786, 1.0979],
  ];
  return matrix.map((row) => {
    const v = Math.min(
      1,
      Math.max(
        0,
        row.reduce((sum, w, i) => sum + w * linear[i]!, 0),
      ),
    );
    return 255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);
  });
}
