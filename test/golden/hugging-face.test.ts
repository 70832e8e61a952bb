import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Codec } from '../../src/recipe/codec.ts';
import { toReferenceNames } from '../../src/weights/names.ts';
import { readSafetensors, writeSafetensors } from '../../src/weights/safetensors.ts';
import { toHuggingFaceNames } from '../weights/naming.ts';
import { readF32, readI32, shared, sharedMissing } from './shared.ts';

const model = (name: string) =>
  readSafetensors(readFileSync(shared('golden/encodec', name, 'model.safetensors'))).tensors;

describe.skipIf(sharedMissing)("the reference model under Hugging Face's names", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'hugging-face-'));

  it.each([false, true])("gives the reference's codes, parametrizations %s", async (parametrized) => {
    const weights = path.join(folder, `${parametrized}.safetensors`);
    const renamed = toHuggingFaceNames(model('tiny-24k'), { parametrized });
    expect([...renamed.keys()].some((name) => name.includes('.model.') || name.includes('.vq.'))).toBe(false);
    writeFileSync(weights, writeSafetensors(renamed));
    const recipe = path.join(folder, 'tiny-24k.yaml');
    writeFileSync(
      recipe,
      `extends: encodec-24khz-facebook
latent: { dimension: 32 }
encoder: { nFilters: 8 }
decoder: { nFilters: 8 }
weights: ${weights}
`,
    );
    const codec = await Codec.load(recipe);
    const channels = [readF32(shared('golden/encodec/tiny-24k/input.f32'))];
    for (const bitrateKbps of [1.5, 6, 24]) {
      const codes = await codec.toCodes({ kind: 'audio', sampleRateHz: 24000, channels }, { bitrateKbps });
      expect(codes.indices).toEqual(readI32(shared(`golden/encodec/tiny-24k/codes_${bitrateKbps}kbps.i32`)));
    }
    await codec.dispose();
  });

  it.each([
    'tiny-24k',
    'tiny-48k',
  ])('%s is renamed tensor by tensor, but for what training leaves', (name) => {
    const tensors = model(name);
    const needed = [...tensors].filter(([key]) => !/(inited|cluster_size|embed_avg)$/.test(key));
    for (const parametrized of [false, true]) {
      const back = toReferenceNames(toHuggingFaceNames(tensors, { parametrized }));
      expect([...back.keys()]).toEqual(needed.map(([key]) => key));
      for (const [key, tensor] of needed) expect(back.get(key)).toBe(tensor);
    }
    expect([...toReferenceNames(tensors).keys()]).toEqual(needed.map(([key]) => key));
  });
});
