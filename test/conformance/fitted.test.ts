import { describe, expect, it } from 'vitest';
import type { FittedFile } from '../../src/codec/fitted-codec.ts';
import { CodecError } from '../../src/core/errors.ts';
import { Rng } from '../../src/core/rng.ts';
import type { Media, SignalOf } from '../../src/fitting/representation.ts';
import { loadFittedCodec } from '../../src/recipe/fitted.ts';
import { fittedRecipeNames, loadFittedRecipe } from '../../src/recipe/load.ts';

const noise = (length: number, of: number) => {
  const rng = new Rng(1);
  return Uint8Array.from({ length }, (_, i) => 64 + 40 * Math.sin(i / of) + rng.int(30));
};

/** A small signal of each medium. */
const signals: { readonly [M in Media]: () => SignalOf[M] } = {
  image: () => ({ kind: 'image', width: 21, height: 13, channels: 3, data: noise(21 * 13 * 3, 9) }),
  video: () => ({
    kind: 'clip',
    width: 24,
    height: 16,
    rateNumerator: 25,
    rateDenominator: 1,
    pictures: [9, 10, 11].map((of) => noise(24 * 16 * 3, of)),
  }),
  audio: () => ({
    kind: 'audio',
    sampleRateHz: 8000,
    channels: [Float32Array.from({ length: 700 }, (_, i) => Math.round(9830 * Math.sin(i / 7)) / 32_768)],
  }),
};

/** All samples of a signal, in units of its least step. */
function samplesOf(signal: SignalOf[Media]): number[] {
  if (signal.kind === 'image') return [...signal.data];
  if (signal.kind === 'clip') return signal.pictures.flatMap((picture) => [...picture]);
  return signal.channels.flatMap((channel) => [...channel].map((sample) => sample * 32_768));
}

/** Every recipe of a codec that is fitted to its signal. */
describe.each(fittedRecipeNames())('%s', (recipe) => {
  const { media } = loadFittedRecipe(recipe);
  const signal = signals[media]();
  let encoded: Promise<FittedFile> | undefined;
  const codec = (engine = 'onnx') => loadFittedCodec(recipe, { engine, threads: 1 });
  const file = () => {
    encoded ??= codec().then((each) => each.encode(signal, { steps: 3, seed: 7 }));
    return encoded;
  };

  it('gives the same file for the same seed, and the signal whose error it told', async () => {
    const { bytes, psnrDb } = await file();
    const again = await (await codec()).encode(signal, { steps: 3, seed: 7 });
    expect(again.bytes).toEqual(bytes);
    const decoded = samplesOf(await (await codec()).decode(bytes));
    const original = samplesOf(signal);
    expect(decoded).toHaveLength(original.length);
    const peak = media === 'audio' ? 32_768 : 255;
    const error = original.reduce((sum, sample, i) => sum + ((sample - decoded[i]!) / peak) ** 2, 0);
    expect(-10 * Math.log10(error / original.length)).toBeCloseTo(psnrDb, 3);
  }, 120_000);

  it('decodes alike on another engine', async () => {
    const { bytes } = await file();
    const here = samplesOf(await (await codec()).decode(bytes));
    const there = samplesOf(await (await codec('tfjs-cpu')).decode(bytes));
    const worst = here.reduce((most, sample, i) => Math.max(most, Math.abs(sample - there[i]!)), 0);
    expect(worst).toBeLessThanOrEqual(1);
  }, 120_000);

  it('tells damage and truncation, wherever', async () => {
    const { bytes } = await file();
    const decoder = await codec();
    const damaged = Array.from({ length: 24 }, (_, i) => {
      const at = Math.floor((i / 24) * bytes.length);
      return bytes.with(at, bytes[at]! ^ (1 << (i % 8)));
    });
    const cut = [0, 1, 9, bytes.length >> 1, bytes.length - 1].map((length) => bytes.subarray(0, length));
    for (const each of [...damaged, ...cut]) {
      const error = await decoder.decode(each).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(CodecError);
      expect((error as CodecError).code).toBe('bad-container');
    }
  }, 120_000);

  it('survives any payload', async () => {
    const { bytes } = await file();
    const decoder = await codec();
    const { openContainer } = await import('../../src/bitstream/container-reader.ts');
    const { openFitted } = await import('../../src/codec/fitted-codec.ts');
    const open = await openFitted(await openContainer(bytes));
    const rng = new Rng(3);
    for (let i = 0; i < 12; i++) {
      const payload = Uint8Array.from(open.payload, (byte) => (rng.uniform() < 0.03 ? rng.int(256) : byte));
      const cut = payload.subarray(0, rng.int(payload.length + 1));
      for (const each of [payload, cut]) {
        try {
          await decoder.decode({ ...open, payload: each });
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }
    }
  }, 120_000);

  it('ends at an abort with a file that decodes', async () => {
    const stop = new AbortController();
    const { bytes, interrupted } = await (await codec()).encode(signal, {
      steps: 1000,
      abort: stop.signal,
      onProgress: ({ step }) => {
        if (step === 2) stop.abort();
      },
    });
    expect(interrupted).toBe(true);
    expect(samplesOf(await (await codec()).decode(bytes))).toHaveLength(samplesOf(signal).length);
  }, 120_000);
});
