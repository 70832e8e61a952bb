import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Codec } from '../../src/recipe/codec.ts';
import { importWeights } from '../../src/recipe/import-weights.ts';
import { listWeights } from '../../src/recipe/list-weights.ts';
import { packWeights } from '../../src/weights/pack.ts';
import { readWeights, sha256Of } from '../../src/weights/read-weights.ts';
import { writeSafetensors } from '../../src/weights/safetensors.ts';
import { loadWeights } from '../../src/weights/store.ts';
import { maxAbsDifference } from '../golden/shared.ts';
import { freshCaches } from './cache.ts';
import { toHuggingFaceNames } from './naming.ts';

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const want: { codes: number[][]; decoded: number[] } = JSON.parse(
  readFileSync(fixture('reference-tiny.json'), 'utf8'),
);
/** A model the reference built and PyTorch saved; see fixtures/README.md. */
const RECIPE = `
extends: encodec-24k
name: reference-tiny
latent: { dimension: 4 }
encoder: { nFilters: 2, ratios: [3, 2], lstmLayers: 1 }
decoder: { nFilters: 2, ratios: [3, 2], lstmLayers: 1 }
quantizer: { codebooks: 3, codebookSize: 16 }
bitrates: { kbps: [16, 32, 48], default: 48 }
weights: reference-tiny
`;

describe('import', () => {
  const cache = freshCaches();
  const recipeFile = () => {
    const file = path.join(cache(), 'reference-tiny.yaml');
    writeFileSync(file, RECIPE);
    return file;
  };

  it.each([
    'reference-tiny.th',
    'reference-tiny-legacy.th',
    'hugging-face.safetensors',
    'packed.ncw',
  ])("%s gives the reference's codes and sound", async (name) => {
    const recipe = recipeFile();
    let file = fixture(name);
    if (name.endsWith('.safetensors')) {
      file = path.join(cache(), name);
      const tensors = await readWeights(fixture('reference-tiny.th'));
      writeFileSync(file, writeSafetensors(toHuggingFaceNames(tensors)));
    } else if (name.endsWith('.ncw')) {
      // All tensors of this model are so small that they are packed as they are.
      file = path.join(cache(), name);
      writeFileSync(file, packWeights(await readWeights(fixture('reference-tiny.th'))).bytes);
    }
    const done = await importWeights(file, { name: 'reference-tiny', recipe });
    expect(done).toMatchObject({
      name: 'reference-tiny',
      file: path.join(cache(), 'weights/reference-tiny.safetensors'),
      sha256: await sha256Of(file),
      recipes: [recipe],
    });
    // The same weights, whatever they came in.
    const { fingerprint, metadata } = loadWeights('reference-tiny');
    expect(fingerprint).toEqual(done.fingerprint);
    expect(Buffer.from(fingerprint).toString('hex')).toBe('b8544474bc478976');
    expect(metadata).toEqual({ source: file, sha256: done.sha256 });

    const codec = await Codec.load(recipe);
    const samples = Float32Array.from({ length: 235 }, (_, i) => (((i * 7919) % 2001) - 1000) / 2000);
    const codes = await codec.toCodes({ kind: 'audio', sampleRateHz: 24000, channels: [samples] });
    expect(codes.indices).toEqual(Int32Array.from(want.codes.flat()));
    const { channels } = await codec.fromCodes(codes);
    expect(maxAbsDifference(channels[0]!, want.decoded)).toBeLessThan(1e-5);
    await codec.dispose();
  });

  it('weights of another width are refused, with the first difference, and nothing is left', async () => {
    const file = fixture('reference-tiny.th');
    const differs = /at encoder\.model\.0\.conv\.conv\.weight: found shape \[2,1,7\], expected \[32,1,7\]/;
    const refused = (options: object, says: RegExp) =>
      expect(importWeights(file, options)).rejects.toMatchObject({
        code: 'bad-weights',
        message: expect.stringMatching(says),
      });
    await refused({ recipe: 'encodec-24khz-facebook' }, differs);
    await refused({ name: 'encodec-24khz-facebook' }, differs);
    await refused({}, /fit no recipe of the package: found for encodec-24k.*\[2,1,7\].*--recipe/);
    expect(readdirSync(cache())).toEqual([]);
  });

  it('a name is taken once, unless forced, and those of the package never', async () => {
    const [file, recipe] = [fixture('reference-tiny.th'), recipeFile()];
    await importWeights(file, { recipe });
    await expect(importWeights(file, { recipe })).rejects.toMatchObject({ code: 'output-exists' });
    await importWeights(file, { recipe, force: true });
    await expect(importWeights(file, { recipe, name: 'encodec-24k', force: true })).rejects.toMatchObject({
      code: 'output-exists',
    });
    for (const name of ['../evil', 'Upper', '']) {
      await expect(importWeights(file, { recipe, name })).rejects.toMatchObject({ code: 'bad-argument' });
    }
  });

  it('a cache that cannot be written is told', async () => {
    process.env.NEURAL_CODEC_CACHE = path.join(recipeFile(), 'no folder');
    await expect(importWeights(fixture('reference-tiny.th'), { recipe: recipeFile() })).rejects.toMatchObject(
      {
        code: 'bad-argument',
        message: expect.stringMatching(/cannot write to .*Set NEURAL_CODEC_CACHE/),
      },
    );
  });

  it("a language model's are checked as such", async () => {
    const name = 'encodec-lm-24khz-facebook';
    await expect(importWeights(fixture('reference-tiny.th'), { name })).rejects.toThrow(
      /lack emb\.0\.weight/,
    );
  });

  it('the list tells what is here and what is not, damage included', async () => {
    await importWeights(fixture('reference-tiny.th'), { recipe: recipeFile() });
    writeFileSync(path.join(cache(), 'weights/broken.safetensors'), 'no weights');
    const list = listWeights();
    const named = (name: string) => list.find((each) => each.name === name);
    expect(named('reference-tiny')).toMatchObject({ place: 'cached', source: fixture('reference-tiny.th') });
    expect(named('broken')).toMatchObject({ place: 'cached', problem: expect.stringMatching(/broken/) });
    expect(named('encodec-24k')).toMatchObject({ place: 'shipped', recipes: ['encodec-24k'] });
    expect(named('encodec-24khz-facebook')).toEqual({
      name: 'encodec-24khz-facebook',
      place: 'absent',
      about: expect.stringMatching(/24 kHz/),
      recipes: ['encodec-24khz-facebook'],
      command: 'codec weights pull encodec-24khz-facebook',
    });
  });
});
