import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { concatFrames } from '../../src/core/codes.ts';
import { readAudio } from '../../src/media/audio-file.ts';
import { Codec } from '../../src/recipe/codec.ts';
import { toReferenceNames } from '../../src/weights/names.ts';
import { readSafetensors, writeSafetensors } from '../../src/weights/safetensors.ts';
import { toHuggingFaceNames } from '../weights/naming.ts';
import { readI32, shared, sharedMissing } from './shared.ts';

/** Reference models with their codes at some bitrates, one file per segment. */
const MODELS = [
  {
    model: 'tiny-24k',
    recipe: 'encodec-24khz-facebook',
    codes: { 1.5: ['codes_1.5kbps'], 6: ['codes_6kbps'], 24: ['codes_24kbps'] },
  },
  {
    model: 'tiny-48k',
    recipe: 'encodec-48khz-facebook',
    codes: {
      3: [0, 1, 2].map((segment) => `seg${segment}_codes_3kbps`),
      12: [0, 1, 2].map((segment) => `seg${segment}_codes_12kbps`),
    },
  },
];

describe.skipIf(sharedMissing)("reference models under Hugging Face's names", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hugging-face-'));
  const file = (model: string, name: string) => shared('golden/encodec', model, name);
  const tensorsOf = (model: string) =>
    readSafetensors(readFileSync(file(model, 'model.safetensors'))).tensors;
  const cases = MODELS.flatMap((each) => [false, true].map((parametrized) => ({ ...each, parametrized })));

  it.each(cases)("$model, parametrizations $parametrized: the reference's codes", async (each) => {
    const { model, recipe, codes, parametrized } = each;
    const renamed = toHuggingFaceNames(tensorsOf(model), { parametrized });
    expect([...renamed.keys()].some((name) => /\.(model|vq)\./.test(name))).toBe(false);
    writeFileSync(path.join(folder, `${model}.safetensors`), writeSafetensors(renamed));
    const tiny = path.join(folder, `${model}.yaml`);
    writeFileSync(
      tiny,
      `extends: ${recipe}
latent: { dimension: 32 }
encoder: { nFilters: 8 }
decoder: { nFilters: 8 }
weights: ${model}.safetensors
`,
    );
    const codec = await Codec.load(tiny);
    const { sampleRateHz, channels } = codec.parts;
    const input = await readAudio(file(model, 'input.wav'), { sampleRateHz, channels });
    for (const [kbps, names] of Object.entries(codes)) {
      const found = await codec.toCodes(input, { bitrateKbps: Number(kbps) });
      const { codebooks, codebookSize } = found;
      const blocks = names.map((name) => {
        const indices = readI32(file(model, `${name}.i32`));
        return { indices, codebooks, codebookSize, frames: indices.length / codebooks };
      });
      expect(found.indices).toEqual(concatFrames(blocks, found).indices);
    }
    await codec.dispose();
  });

  it.each(MODELS)('$model is renamed tensor by tensor, but for what training leaves', ({ model }) => {
    const tensors = tensorsOf(model);
    const needed = [...tensors].filter(([key]) => !/(inited|cluster_size|embed_avg)$/.test(key));
    for (const parametrized of [false, true]) {
      const back = toReferenceNames(toHuggingFaceNames(tensors, { parametrized }));
      expect([...back.keys()]).toEqual(needed.map(([key]) => key));
      for (const [key, tensor] of needed) expect(back.get(key)).toBe(tensor);
    }
    expect([...toReferenceNames(tensors).keys()]).toEqual(needed.map(([key]) => key));
  });
});
