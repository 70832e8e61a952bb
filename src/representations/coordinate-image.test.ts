import { describe, expect, it } from 'vitest';
import type { RasterImage } from '../core/signal.ts';
import { createEngine } from '../engine/catalogue.ts';
import { loadFittedRecipe } from '../recipe/load.ts';
import { coordinateImage } from './coordinate-image.ts';

const [width, height, channels] = [40, 32, 3] as const;
const picture: RasterImage = {
  kind: 'image',
  width,
  height,
  channels,
  data: Uint8Array.from({ length: width * height * channels }, (_, i) => {
    const [x, y] = [Math.floor(i / channels) % width, Math.floor(i / channels / width)];
    return 128 + 90 * Math.sin(x / 6 + (i % channels)) * Math.cos(y / 5);
  }),
};
const format = { width, height, channels, bitDepth: 8 as const };

async function fitted(recipe: string, steps: number, lambda: number) {
  const engine = await createEngine('onnx', { threads: 1 });
  const { fit: settings, representation: options } = loadFittedRecipe(recipe);
  const representation = coordinateImage.create(options as never);
  const result = await representation.fit(picture, { engine, settings, steps, lambda, seed: 1 });
  const about = representation.inspect(result.payload, format);
  return { ...result, about, psnrDb: -10 * Math.log10(result.meanSquaredError) };
}

describe.each([
  ['coin-image', 30],
  ['doh-image', 30],
])('%s', (recipe, leastDb) => {
  it('comes closer with more steps, and holds more values where bits are cheap', async () => {
    const short = await fitted(recipe, 10, 2e-5);
    const long = await fitted(recipe, 250, 2e-5);
    expect(long.psnrDb).toBeGreaterThan(short.psnrDb + 3);
    expect(long.psnrDb).toBeGreaterThan(leastDb);
    const small = await fitted(recipe, 2, 1e-2);
    expect(Number(small.about.values)).toBeLessThan(Number(long.about.values));
    expect(small.payload.length).toBeLessThan(long.payload.length);
  }, 120_000);
});

it('a code of more values than weights is refused', () => {
  const projection = { code: 65, weights: 64 };
  expect(coordinateImage.options.safeParse({ projection }).error?.issues[0]?.message).toMatch(/more values/);
});
