import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import type { AudioSignal, RasterImage } from '../core/signal.ts';
import { loadFittedCodec } from '../recipe/fitted.ts';
import { scaleStep, UNIT, upperHalfLogit } from './bit-planes/interval.ts';
import { logMagnitude, triangle } from './bit-planes/layout.ts';

const image = (
  width: number,
  height: number,
  channels: RasterImage['channels'],
  data: Uint8Array | Uint16Array,
): RasterImage => ({ kind: 'image', width, height, channels, data });

/** A gradient with a grain: what a photograph is made of. */
function grained(
  width: number,
  height: number,
  channels: RasterImage['channels'],
  deep: boolean,
): RasterImage {
  const rng = new Rng(2);
  const peak = deep ? 65_535 : 255;
  const at = (_: unknown, i: number) => {
    const [pixel, c] = [Math.floor(i / channels), i % channels];
    const wave = Math.sin((pixel % width) / 9 + c / 3) + Math.cos(Math.floor(pixel / width) / 7);
    return Math.round(peak * (0.5 + 0.2 * wave + 0.01 * rng.normal()));
  };
  const length = width * height * channels;
  return image(
    width,
    height,
    channels,
    deep ? Uint16Array.from({ length }, at) : Uint8Array.from({ length }, at),
  );
}

describe('bitplane-lossless', () => {
  const codec = () => loadFittedCodec('bitplane-lossless', { threads: 1 });

  it('has no rate to choose', async () => {
    const subject = image(1, 1, 1, Uint8Array.of(5));
    await expect((await codec()).encode(subject, { bpp: 8 })).rejects.toThrow(
      /bitplane-lossless codes without loss, at the rate that takes: found a bound of 8 bpp/,
    );
  });

  const rng = new Rng(5);
  const noise = (length: number) => Uint8Array.from({ length }, () => rng.int(256));
  const subjects: Record<string, RasterImage> = {
    '8-bit colour': grained(48, 32, 3, false),
    '16-bit colour': grained(40, 24, 3, true),
    '8-bit grey': grained(31, 17, 1, false),
    '16-bit grey with alpha': grained(20, 9, 2, true),
    'colour with alpha': grained(20, 9, 4, false),
    'one pixel': image(1, 1, 3, Uint8Array.of(0, 128, 255)),
    'one pixel of 16 bits': image(1, 1, 1, Uint16Array.of(65_535)),
    'one row': image(40, 1, 1, noise(40)),
    'one column': image(1, 40, 3, noise(120)),
    noise: image(16, 16, 3, noise(768)),
    'one colour': image(64, 64, 3, new Uint8Array(64 * 64 * 3).fill(200)),
    'black and white': image(
      64,
      64,
      1,
      noise(64 * 64).map((v) => (v > 250 ? 255 : 0)),
    ),
  };

  for (const [name, subject] of Object.entries(subjects)) {
    it(`gives ${name} back exactly`, async () => {
      const each = await codec();
      const { bytes, psnrDb } = await each.encode(subject, { steps: 2 });
      expect(psnrDb).toBe(Number.POSITIVE_INFINITY);
      const decoded = (await each.decode(bytes)) as RasterImage;
      expect(decoded.data.constructor).toBe(subject.data.constructor);
      expect({ ...decoded, data: [...decoded.data] }).toEqual({ ...subject, data: [...subject.data] });
    }, 60_000);
  }

  it('takes about what the grain holds, little more than noise has, and nearly nothing for one colour', async () => {
    const sizeOf = async (name: string, steps: number) =>
      (await (await codec()).encode(subjects[name]!, { steps })).partBytes.planes!;
    // A normal distribution of 2.55 levels: log2(2.55 sqrt(2 pi e)) = 3.4 bits a sample; what is learned on the way costs too.
    expect((8 * (await sizeOf('8-bit colour', 20))) / (48 * 32 * 3)).toBeLessThan(4.2);
    expect((8 * (await sizeOf('noise', 2))) / 768).toBeLessThan(9.2);
    expect(await sizeOf('one colour', 2)).toBeLessThan(120);
  }, 120_000);
});

describe('bitplane-lossless-audio', () => {
  const sound = (channels: number, length: number): AudioSignal => {
    const rng = new Rng(3);
    return {
      kind: 'audio',
      sampleRateHz: 16_000,
      channels: Array.from({ length: channels }, (_, c) =>
        Float32Array.from(
          { length },
          (__, t) => Math.round(9000 * Math.sin(t / (9 + c)) + 200 * rng.normal()) / 32_768,
        ),
      ),
    };
  };

  for (const [name, signal] of Object.entries({
    mono: sound(1, 3000),
    stereo: sound(2, 1500),
    'one sample': sound(1, 1),
    'full scale': { ...sound(1, 4), channels: [Float32Array.of(-1, 32_767 / 32_768, -1, 0)] },
  })) {
    it(`gives ${name} back exactly`, async () => {
      const codec = await loadFittedCodec('bitplane-lossless-audio', { threads: 1 });
      const { bytes } = await codec.encode(signal, { steps: 2 });
      expect(await codec.decode(bytes)).toEqual(signal);
    }, 60_000);
  }

  it('takes about what the noise holds', async () => {
    const codec = await loadFittedCodec('bitplane-lossless-audio', { threads: 1 });
    const { partBytes } = await codec.encode(sound(1, 6000), { steps: 10 });
    // log2(200 sqrt(2 pi e)) = 9.7 bits a sample.
    expect((8 * partBytes.planes!) / 6000).toBeLessThan(10.5);
  }, 60_000);

  it('refuses what is not of 16 bits', async () => {
    const codec = await loadFittedCodec('bitplane-lossless-audio', { threads: 1 });
    for (const sample of [0.1, 1, -1.5]) {
      const signal = { ...sound(1, 3), channels: [Float32Array.of(0, sample, 0)] };
      await expect(codec.encode(signal, { steps: 1 })).rejects.toMatchObject({
        code: 'bad-audio',
        message: expect.stringContaining('at sample 1'),
      });
    }
  });
});

describe('the probability of the upper half of an interval', () => {
  it('is that of a Laplace distribution', () => {
    const cdf = (x: number, scale: number) =>
      x < 0 ? Math.exp(x / scale) / 2 : 1 - Math.exp(-x / scale) / 2;
    for (const logScale of [-512, 0, 300, 900]) {
      const scale = 2 ** (logScale / 256);
      for (const mean of [100, 127.5, 131.25, 160]) {
        for (const [low, half] of [
          [0, 128],
          [128, 32],
          [120, 4],
          [130, 1],
        ] as const) {
          const [a, b, c] = [low - 0.5, low + half - 0.5, low + 2 * half - 0.5].map((x) =>
            cdf(x - mean, scale),
          );
          if (c! - a! < 1e-6) continue;
          const want = (c! - b!) / (c! - a!);
          const logit = upperHalfLogit(low, half, mean * UNIT, scaleStep(logScale)) / 256;
          expect(1 / (1 + Math.exp(-logit))).toBeCloseTo(want, 2);
        }
      }
    }
  });

  it('goes on far from the mean, where there is nearly no probability', () => {
    expect(upperHalfLogit(0, 64, 200 * UNIT, scaleStep(-1024))).toBeGreaterThan(2000);
    expect(upperHalfLogit(128, 64, 10 * UNIT, scaleStep(-1024))).toBeLessThan(-2000);
  });
});

describe('what networks of samples see', () => {
  it('logarithms of magnitudes', () => {
    for (const v of [0, 1, 2, 3, 7, 100, 511, 512, 70_000, 2 ** 24]) {
      expect(Math.abs(logMagnitude(v) / 256 - Math.log2(1 + v))).toBeLessThan(0.008);
    }
  });

  it('places as waves', () => {
    expect([0, 25, 50, 75, 99].map((at) => triangle(at, 100, 1))).toEqual([0, 512, 1024, 512, 21]);
    expect(triangle(50, 100, 3)).toBe(1024);
  });
});
