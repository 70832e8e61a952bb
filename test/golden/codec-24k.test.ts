import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { StreamEncoder } from '../../src/codec/stream-encoder.ts';
import { concatFrames } from '../../src/core/codes.ts';
import { Codec } from '../../src/recipe/codec.ts';
import { maxAbsDifference, readF32, readI32, shared, sharedMissing } from './shared.ts';

const file = (name: string) => shared('golden/encodec/tiny-24k', name);

describe.skipIf(sharedMissing)('a recipe with the reference model (tiny-24k) as its weights', () => {
  let codec: Codec;
  let input: Float32Array;
  beforeAll(async () => {
    const recipe = path.join(mkdtempSync(path.join(os.tmpdir(), 'golden-')), 'tiny-24k.yaml');
    writeFileSync(
      recipe,
      `extends: encodec-24k
name: tiny-24k
id: 2
latent: { dimension: 32 }
encoder: { nFilters: 8 }
decoder: { nFilters: 8 }
quantizer: { codebooks: 32 }
bitrates: { kbps: [1.5, 3, 6, 12, 24], default: 6 }
weights: ${file('model.safetensors')}
`,
    );
    codec = await Codec.load(recipe);
    input = readF32(file('input.f32'));
  });

  const signal = (length = input.length) => ({
    kind: 'audio' as const,
    sampleRateHz: 24000,
    channels: [input.slice(0, length)],
  });

  for (const kbps of [1.5, 6, 24]) {
    it(`${kbps} kbps: the reference's codes and waveform, in memory and through a file`, async () => {
      const want = readI32(file(`codes_${kbps}kbps.i32`));
      const codes = await codec.toCodes(signal(), { bitrateKbps: kbps });
      expect(codes.indices).toEqual(want);
      const decoded = readF32(file(`decoded_${kbps}kbps.f32`));
      expect(maxAbsDifference((await codec.fromCodes(codes)).channels[0]!, decoded)).toBeLessThan(2e-5);
      const bytes = await codec.encode(signal(), { bitrateKbps: kbps });
      const heard = (await codec.decode(bytes)).channels[0]!;
      expect(maxAbsDifference(heard, decoded.slice(0, input.length))).toBeLessThan(2e-5);
    });
  }

  it("the reference's codes for odd lengths, however the samples arrive", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 319, 320, 321, 24001),
        fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 8 }),
        async (length, cuts) => {
          const encoder = new StreamEncoder(codec.parts.model, 8);
          const blocks = [];
          for (let at = 0, i = 0; at < length; i++) {
            const to = Math.min(length, at + cuts[i % cuts.length]!);
            blocks.push(...(await encoder.push([input.slice(at, to)])));
            at = to;
          }
          blocks.push(...(await encoder.end()));
          const codes = concatFrames(blocks, { codebooks: 8, codebookSize: 1024 });
          expect(codes.indices).toEqual(readI32(file(`codes_len${length}.i32`)));
        },
      ),
      { numRuns: 25, seed: 1 },
    );
  });
});
