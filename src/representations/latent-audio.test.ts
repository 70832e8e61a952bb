import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import type { AudioSignal } from '../core/signal.ts';
import { createEngine } from '../engine/catalogue.ts';
import { loadFittedRecipe } from '../recipe/load.ts';
import { latentAudio } from './latent-audio.ts';

const { presets: _, preset: __, lambda: ___, quality: ____, ...settings } = loadFittedRecipe('inr-audio').fit;
const representation = latentAudio.create(latentAudio.options.parse({ tileFrames: 64 }) as never);

/** A chord that swells, with some noise. */
function sound(lengthSamples: number, sampleRateHz: number, channels: number): AudioSignal {
  const rng = new Rng(4);
  const channel = (c: number) =>
    Float32Array.from({ length: lengthSamples }, (_, t) => {
      const seconds = t / sampleRateHz;
      const chord = Math.sin(2 * Math.PI * 220 * seconds) + Math.sin(2 * Math.PI * (331 + 50 * c) * seconds);
      return 0.1 * (1 + Math.sin(9 * seconds)) * chord + 0.01 * (rng.uniform() - 0.5);
    });
  return { kind: 'audio', sampleRateHz, channels: Array.from({ length: channels }, (_, c) => channel(c)) };
}

async function coded(signal: AudioSignal, steps: number, lambda = 0.02) {
  const engine = await createEngine('onnx', { threads: 1 });
  const fitted = await representation.fit(signal, { engine, settings, steps, lambda, seed: 1 });
  const { sampleRateHz, channels } = signal;
  const format = { sampleRateHz, channels: channels.length, lengthSamples: channels[0]!.length };
  return { fitted, format, decoded: await representation.decode(fitted.payload, format, engine) };
}

describe('latent-audio', () => {
  it.each([
    ['one sample', sound(1, 16_000, 1)],
    ['300 samples', sound(300, 8000, 1)],
    ['stereo at 44.1 kHz', sound(5001, 44_100, 2)],
    ['three channels at 100 Hz', sound(50, 100, 3)],
    ['silence', { ...sound(700, 8000, 1), channels: [new Float32Array(700)] }],
  ])(
    'holds %s',
    async (_name, signal) => {
      const { decoded, fitted } = await coded(signal, 3);
      expect(decoded).toMatchObject({ kind: 'audio', sampleRateHz: signal.sampleRateHz });
      expect(decoded.channels.map(({ length }) => length)).toEqual(
        signal.channels.map(({ length }) => length),
      );
      const squares = signal.channels.flatMap((samples, c) =>
        [...samples].map((sample, t) => (sample - decoded.channels[c]![t]!) ** 2),
      );
      const mean = squares.reduce((sum, square) => sum + square, 0) / squares.length;
      expect(mean).toBeCloseTo(fitted.meanSquaredError, 7);
    },
    60_000,
  );

  it('comes close to a sound of several tiles, the closer the more it may take', async () => {
    const signal = sound(20_000, 16_000, 1);
    const coarse = await coded(signal, 20, 0.3);
    const fine = await coded(signal, 20, 1e-4);
    expect(fine.fitted.payload.length).toBeGreaterThan(coarse.fitted.payload.length);
    expect(fine.fitted.meanSquaredError).toBeLessThan(coarse.fitted.meanSquaredError);
    const power = signal.channels[0]!.reduce((sum, sample) => sum + sample ** 2, 0) / 20_000;
    expect(10 * Math.log10(power / fine.fitted.meanSquaredError)).toBeGreaterThan(20);
    const about = representation.inspect(fine.fitted.payload, fine.format);
    expect(Number(about.latentBytes) + Number(about.networkBytes)).toBe(fine.fitted.payload.length - 2);
    expect(about.macPerSample).toBeGreaterThan(500);
  }, 120_000);

  it('refuses what it cannot hold', async () => {
    const engine = await createEngine('onnx', { threads: 1 });
    const attempt = (signal: AudioSignal) =>
      representation.fit(signal, { engine, settings, steps: 1, lambda: 1, seed: 1 });
    await expect(attempt(sound(0, 8000, 1))).rejects.toMatchObject({ code: 'bad-audio' });
    const decode = (format: { lengthSamples: number; channels: number }) =>
      representation.decode(new Uint8Array(9), { sampleRateHz: 8000, ...format }, engine);
    for (const format of [
      { lengthSamples: 2 ** 40, channels: 1 },
      { lengthSamples: 5, channels: 99 },
    ]) {
      await expect(decode(format)).rejects.toMatchObject({ code: 'bad-container' });
    }
    await expect(attempt(sound(9, 8000, 9))).rejects.toThrow(/9 channels, expected at most 8/);
  });
});
