import { describe, expect, it } from 'vitest';
import { CodecError } from '../core/errors.ts';
import type { AudioSignal, Clip, RasterImage } from '../core/signal.ts';
import { createEngine } from '../engine/catalogue.ts';
import type { FormatOf, Media, Representation, SignalOf } from '../fitting/representation.ts';
import { loadFittedRecipe } from '../recipe/load.ts';
import { type RepresentationEntry, representations } from './catalogue.ts';

const samples = (length: number) => Uint8Array.from({ length }, (_, i) => (37 * i) % 256);
const SIDE = 2 ** 21 - 1;

const image: RasterImage = { kind: 'image', width: 12, height: 9, channels: 3, data: samples(12 * 9 * 3) };
const sound: AudioSignal = {
  kind: 'audio',
  sampleRateHz: 8000,
  channels: [Float32Array.from(samples(900), (value) => value / 256 - 0.5)],
};
const clip: Clip = {
  ...{ kind: 'clip', width: 12, height: 9, rateNumerator: 24, rateDenominator: 1 },
  pictures: [samples(12 * 9 * 3), samples(12 * 9 * 3)],
};
const rate = { rateNumerator: 24, rateDenominator: 1, lengthPictures: 2 };

/** A signal of each medium, and what headers may say of one: far too large, or large and of an odd shape. */
const SUBJECTS: { [M in Media]: { signal: SignalOf[M]; formats: FormatOf[M][] } } = {
  image: {
    signal: image,
    formats: [
      { width: SIDE, height: SIDE, channels: 3, bitDepth: 8 },
      { width: SIDE, height: 256, channels: 3, bitDepth: 16 },
    ],
  },
  audio: { signal: sound, formats: [{ sampleRateHz: 8000, channels: 1, lengthSamples: 2 ** 40 }] },
  video: {
    signal: clip,
    formats: [
      { width: 5000, height: 5000, ...rate },
      { width: SIDE, height: 4, ...rate },
    ],
  },
};

/** Recipes with as little to compute as shows what is tested here. */
const RECIPES: Record<string, string[]> = {
  'inr-image': [],
  'coin-image': [],
  'bitplane-lossless': [],
  'bitplane-lossless-audio': [],
  'inr-audio': [],
  'hnerv-video': ['representation.parameters=30000', 'representation.encoderWidth=4'],
  'nerv++-video': ['representation.parameters=30000', 'representation.embedding.hidden=8'],
};

describe.each(Object.entries(RECIPES))('%s', (recipe, set) => {
  it('refuses files that ask for more than there is', async () => {
    const { representation: options, fit: settings, media } = loadFittedRecipe(recipe, set);
    const entry: RepresentationEntry = representations[options.type];
    const representation = entry.create(options) as Representation<Media>;
    const engine = await createEngine('onnx', { threads: 1 });
    const { signal, formats } = SUBJECTS[media];
    const fitOptions = { engine, settings, steps: 1, lambda: 1e-3, seed: 0 };
    const { payload } = await representation.fit(signal, fitOptions);
    for (const format of formats) {
      const refused = { code: 'bad-container' };
      await expect(representation.decode(payload, format, engine)).rejects.toMatchObject(refused);
      await expect(representation.decode(payload, format, engine)).rejects.toBeInstanceOf(CodecError);
    }
  }, 60_000);
});

it.each([
  [{ levels: 8, tile: 64 }, /tiles of this representation are too small for its levels.*at least 128/],
  [{ levels: 1 }, /levels/],
])('a representation of %j is refused', (changes, message) => {
  const set = Object.entries(changes).map(([name, value]) => `representation.${name}=${value}`);
  const create = () => {
    const { representation } = loadFittedRecipe('inr-image', set);
    representations['latent-image'].create(representation as never);
  };
  expect(create).toThrow(message);
  expect(create).toThrow(expect.objectContaining({ code: 'bad-recipe' }));
});

it.each([
  ['no samples', [new Float32Array(0)]],
  ['channels of different lengths', [new Float32Array(30), new Float32Array(50)]],
  ['no channels', []],
])('sound of %s is refused', async (_, channels) => {
  const engine = await createEngine('onnx', { threads: 1 });
  for (const recipe of ['bitplane-lossless-audio', 'inr-audio']) {
    const { representation: options, fit: settings } = loadFittedRecipe(recipe);
    const entry: RepresentationEntry = representations[options.type];
    const representation = entry.create(options);
    const fitOptions = { engine, settings, steps: 1, lambda: 1, seed: 0 };
    const fitted = representation.fit({ kind: 'audio', sampleRateHz: 8000, channels }, fitOptions);
    await expect(fitted).rejects.toMatchObject({ code: 'bad-audio' });
  }
});
