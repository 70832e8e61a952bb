import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { bitDepthOf, type RasterImage } from '../core/signal.ts';
import { createEngine } from '../engine/catalogue.ts';
import { loadFittedRecipe } from '../recipe/load.ts';
import { latentImage } from './latent-image.ts';

const { presets: _, preset: __, lambda: ___, quality: ____, ...settings } = loadFittedRecipe('inr-image').fit;
const representation = latentImage.create({
  levels: 7,
  contexts: 16,
  contextWidth: 16,
  width: 16,
  tile: 64,
});

function picture(width: number, height: number, channels: 1 | 2 | 3 | 4, deep = false): RasterImage {
  const rng = new Rng(4);
  const size = width * height * channels;
  const data = new (deep ? Uint16Array : Uint8Array)(size);
  const peak = deep ? 65_535 : 255;
  for (let i = 0; i < size; i++) {
    const [x, y] = [Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    data[i] = peak * (0.5 + 0.3 * Math.sin(x / 9 + (i % channels)) * Math.cos(y / 7) + 0.05 * rng.uniform());
  }
  return { kind: 'image', width, height, channels, data };
}

async function coded(image: RasterImage, steps: number, lambda = 1e-3) {
  const engine = await createEngine('onnx', { threads: 1 });
  const fitted = await representation.fit(image, { engine, settings, steps, lambda, seed: 1 });
  const { width, height, channels } = image;
  const format = { width, height, channels, bitDepth: bitDepthOf(image) };
  return { fitted, format, decoded: await representation.decode(fitted.payload, format, engine) };
}

describe('latent-image', () => {
  it.each([
    ['1 x 1', picture(1, 1, 3)],
    ['3 x 5', picture(3, 5, 3)],
    ['grey of 16 bits', picture(9, 20, 1, true)],
    ['of 16 bits with alpha', picture(12, 12, 4, true)],
  ])(
    'holds a picture %s',
    async (_name, image) => {
      const { decoded, fitted } = await coded(image, 3);
      expect(decoded).toMatchObject({ kind: 'image', width: image.width, height: image.height });
      expect(decoded.channels).toBe(image.channels);
      expect(decoded.data.constructor).toBe(image.data.constructor);
      const peak = 2 ** bitDepthOf(image) - 1;
      const squares = [...image.data].map((sample, i) => ((sample - decoded.data[i]!) / peak) ** 2);
      const mean = squares.reduce((sum, square) => sum + square, 0) / squares.length;
      expect(mean).toBeCloseTo(fitted.meanSquaredError, 7);
    },
    60_000,
  );

  it('comes close to a picture of several tiles, the closer the more it may take', async () => {
    const image = picture(80, 70, 3);
    const coarse = await coded(image, 25, 1e-2);
    const fine = await coded(image, 25, 1e-4);
    expect(fine.fitted.payload.length).toBeGreaterThan(coarse.fitted.payload.length);
    expect(fine.fitted.meanSquaredError).toBeLessThan(coarse.fitted.meanSquaredError);
    expect(-10 * Math.log10(fine.fitted.meanSquaredError)).toBeGreaterThan(20);
    const about = representation.inspect(fine.fitted.payload, fine.format);
    expect(Number(about.latentBytes) + Number(about.networkBytes)).toBeLessThan(fine.fitted.payload.length);
    // Networks of 16 units and a context model: see docs/inr.md.
    expect(about.macPerPixel).toBeGreaterThan(500);
    expect(about.macPerPixel).toBeLessThan(1500);
  }, 120_000);
});
