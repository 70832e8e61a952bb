import { beforeAll, describe, expect, it } from 'vitest';
import { openContainer } from '../bitstream/container-reader.ts';
import { type FittedCodec, type FittedFile, openFitted } from '../codec/fitted-codec.ts';
import { CodecError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import type { Clip } from '../core/signal.ts';
import { loadFittedCodec } from '../recipe/fitted.ts';
import { geometryOf } from './frame-network/geometry.ts';
import { frameNetwork } from './frame-network.ts';

/** A shade that moves, in frames of sizes no stride divides. */
function clip(width = 34, height = 19, frames = 4): Clip {
  const pictures = Array.from({ length: frames }, (_, n) =>
    Uint8Array.from({ length: width * height * 3 }, (_, i) => {
      const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
      return 128 + Math.round(70 * Math.sin((x + 4 * n) / 6 + c) * Math.cos(y / 5));
    }),
  );
  return { kind: 'clip', width, height, rateNumerator: 24, rateDenominator: 1, pictures };
}

const open = async ({ bytes }: { bytes: Uint8Array }) => openFitted(await openContainer(bytes));

function meanSquaredError(a: Clip, b: Clip): number {
  let [sum, count] = [0, 0];
  for (const [i, picture] of a.pictures.entries()) {
    for (let j = 0; j < picture.length; j++) sum += (picture[j]! - b.pictures[i]![j]!) ** 2;
    count += picture.length;
  }
  return sum / count;
}

const small = ['representation.parameters=26000', 'representation.embedding.channels=4'];
const SUBJECTS = {
  'hnerv-video': [...small, 'representation.encoderWidth=8'],
  'nerv++-video': [...small, 'representation.embedding.hidden=16'],
};

for (const [recipe, set] of Object.entries(SUBJECTS)) {
  describe(`${recipe}, on a clip of a few pixels`, () => {
    const source = clip();
    let codec: FittedCodec;
    let file: FittedFile;
    let decoded: Clip;
    beforeAll(async () => {
      codec = await loadFittedCodec(recipe, { threads: 1, set });
      file = await codec.encode(source, { steps: 40 });
      decoded = (await codec.decode(file.bytes)) as Clip;
    }, 120_000);

    it('comes back with its size, length and rate, and looks like itself', () => {
      expect({ ...decoded, pictures: decoded.pictures.length }).toEqual({
        ...source,
        pictures: source.pictures.length,
      });
      const error = meanSquaredError(decoded, source);
      expect(10 * Math.log10(255 ** 2 / error)).toBeCloseTo(file.psnrDb, 3);
      // A grey picture has 14.2 dB.
      expect(file.psnrDb).toBeGreaterThan(19);
      expect(file.bpp).toBeCloseTo((8 * file.bytes.length) / (34 * 19 * 4), 9);
    });

    it('gives the same bytes every time', async () => {
      const options = { steps: 3, seed: 5 };
      const [a, b] = [await codec.encode(source, options), await codec.encode(source, options)];
      expect(a.bytes).toEqual(b.bytes);
      expect((await codec.encode(source, { steps: 3, seed: 6 })).bytes).not.toEqual(a.bytes);
    }, 60_000);

    it('gives one picture alone, the same as among the others', async () => {
      const opened = await open(file);
      for (const [from, to] of [
        [2, 3],
        [1, 4],
      ] as const) {
        const part = (await codec.decode(opened, { from, to })) as Clip;
        expect(part.pictures).toEqual(decoded.pictures.slice(from, to));
      }
      for (const [from, to] of [
        [4, 5],
        [-1, 0],
        [1, 1],
        [0.5, 2],
      ] as const) {
        await expect(codec.decode(opened, { from, to })).rejects.toMatchObject({ code: 'bad-argument' });
      }
    });

    it('decodes alike on another engine, and with a recipe of another size', async () => {
      const other = await loadFittedCodec(recipe, {
        engine: 'tfjs-cpu',
        set: ['representation.parameters=99999', set[1]!, ...(set[2]!.includes('hidden') ? [set[2]!] : [])],
      });
      const pictures = ((await other.decode(await open(file), { from: 1, to: 2 })) as Clip).pictures;
      pictures[0]!.forEach((value, i) => {
        expect(Math.abs(value - decoded.pictures[1]![i]!)).toBeLessThanOrEqual(1);
      });
      expect(other.inspect(await open(file))).toEqual(codec.inspect(await open(file)));
    }, 60_000);

    it('says what is in a file', async () => {
      const about = codec.inspect(await open(file));
      expect(about.decoderValues).toBeLessThanOrEqual(26_000);
      expect(Number(about.networkBytes) + Number(about.embeddingBytes)).toBeLessThan(file.bytes.length);
      expect(Number(about.embeddingBytes) > 0).toBe(recipe === 'hnerv-video');
      expect(about.macPerPixel).toBeGreaterThan(100);
    });

    it('refuses every damaged file, and payloads that are none, with an error of ours', async () => {
      const rng = new Rng(4);
      for (let i = 0; i < 12; i++) {
        const damaged = Uint8Array.from(file.bytes);
        damaged[rng.int(damaged.length)]! ^= 1 << rng.int(8);
        await expect(codec.decode(damaged)).rejects.toBeInstanceOf(CodecError);
        await expect(codec.decode(file.bytes.slice(0, rng.int(file.bytes.length)))).rejects.toBeInstanceOf(
          CodecError,
        );
      }
      // Payloads whose check sum someone made fit: values may be wrong, but nothing else.
      const opened = await open(file);
      for (let i = 0; i < 60; i++) {
        let payload = Uint8Array.from(opened.payload);
        payload[rng.int(i < 30 ? 40 : payload.length)] = rng.int(256);
        if (i % 3 === 0) payload = payload.slice(0, rng.int(payload.length));
        try {
          codec.inspect({ ...opened, payload });
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-container' });
        }
      }
      const long = { ...opened, format: { ...opened.format, lengthPictures: 2 ** 40 } };
      await expect(codec.decode(long)).rejects.toMatchObject({ code: 'bad-container' });
    }, 60_000);

    it('ends early when asked to, with a file of what there is', async () => {
      const stop = new AbortController();
      const options = { steps: 50, abort: stop.signal, onProgress: () => stop.abort() };
      const early = await codec.encode(source, options);
      expect(early.interrupted).toBe(true);
      expect(((await codec.decode(early.bytes)) as Clip).pictures.length).toBe(4);
    });
  });
}

describe('a rate asked for', () => {
  const coarse = SUBJECTS['hnerv-video'].slice(1);

  it('is met by a network of that size, whatever the recipe has', async () => {
    const codec = await loadFittedCodec('hnerv-video', { threads: 1, set: coarse });
    for (const bpp of [30, 60]) {
      const file = await codec.encode(clip(), { bpp, steps: 8 });
      expect(file.bpp).toBeLessThanOrEqual(bpp);
      expect(file.bpp).toBeGreaterThan(0.6 * bpp);
      expect((await codec.decode(file.bytes)) as Clip).toMatchObject({ width: 34, height: 19 });
    }
  }, 60_000);

  it('that no network meets is refused before the fit', async () => {
    const codec = await loadFittedCodec('hnerv-video', { threads: 1, set: coarse });
    await expect(codec.encode(clip(), { bpp: 0.5, steps: 1 })).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringContaining('allow more bits per pixel'),
    });
  });
});

describe('frames of any size', () => {
  it('come down to a small grid', () => {
    expect(geometryOf(640, 320)).toEqual({ strides: [5, 4, 2, 2, 2], grid: [2, 4], padded: [320, 640] });
    for (const [width, height] of [
      [1, 1],
      [2, 3],
      [5, 1],
      [1920, 1080],
      [1080, 1920],
      [33, 17],
      [4096, 2],
      [4096, 2160],
    ] as const) {
      const { strides, grid, padded } = geometryOf(width, height);
      const total = strides.reduce((product, stride) => product * stride, 1);
      expect(padded).toEqual([grid[0] * total, grid[1] * total]);
      expect(padded[0]).toBeGreaterThanOrEqual(height);
      expect(padded[1]).toBeGreaterThanOrEqual(width);
    }
    expect(() => geometryOf(8192, 8192)).toThrow(CodecError);
  });

  it('are coded from 1 x 1 on', async () => {
    const codec = await loadFittedCodec('hnerv-video', { threads: 1, set: SUBJECTS['hnerv-video'] });
    for (const [width, height] of [
      [1, 1],
      [7, 3],
    ] as const) {
      const file = await codec.encode(clip(width, height, 2), { steps: 2 });
      const decoded = (await codec.decode(file.bytes)) as Clip;
      expect([decoded.width, decoded.height, decoded.pictures.length]).toEqual([width, height, 2]);
    }
  }, 60_000);

  it('a size that no network fits is refused', async () => {
    const codec = await loadFittedCodec('hnerv-video', { set: ['representation.parameters=100'] });
    await expect(codec.encode(clip(), { steps: 1 })).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringContaining('representation.parameters 100'),
    });
    const representation = frameNetwork.create(
      frameNetwork.options.parse({ embedding: { type: 'content' }, blocks: 'shuffle' }),
    );
    const none = { ...clip(), pictures: [] };
    await expect(representation.fit(none, {} as never)).rejects.toMatchObject({ code: 'bad-video' });
  });
});
