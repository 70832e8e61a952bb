import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { allRecipeNames } from '../../src/recipe/load.ts';
import { recipeSchema } from '../../src/recipe/schema.ts';
import { root } from './build.ts';
import { codec, failureOf, jsonOf } from './command.ts';
import { chirp, freshFolders, mono, wavBytes, withTiny } from './fixtures.ts';

const folder = freshFolders();

describe('codec recipes', () => {
  it('lists the recipes of the package', async () => {
    const list = jsonOf(await codec(folder(), 'recipes', '--json')) as unknown as Record<string, unknown>[];
    expect(list.map(({ name }) => name)).toEqual(allRecipeNames());
    expect(list.find(({ name }) => name === 'encodec-24k')).toMatchObject({
      media: 'audio',
      bitratesKbps: [1.5, 3, 6, 12],
    });
  });

  it('shows one with every setting filled in, from the package or a file', async () => {
    const recipe = jsonOf(await codec(folder(), 'recipes', 'tiny.yaml', '--json'));
    expect(recipe).toMatchObject({
      name: 'tiny',
      encoder: { type: 'seanet', nFilters: 2, ratios: [8, 5, 4, 2], kernelSize: 7 },
      chunk: { fileFrames: 375 },
    });
    // Without a number of its own its files name it, and cannot be taken for those of the recipe it extends.
    expect(recipe).not.toHaveProperty('id');
    expect(recipeSchema.parse(recipe)).toEqual(recipe);
  });
});

describe('codec weights list', () => {
  it('tells name, size and fingerprint', async () => {
    const list = jsonOf(await codec(folder(), 'weights', 'list', '--json'));
    expect(list).toContainEqual({
      name: 'encodec-24k',
      place: 'shipped',
      recipes: ['encodec-24k'],
      bytes: statSync(path.join(root, 'models/encodec-24k.ncw')).size,
      values: expect.any(Number),
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
  });
});

describe('codec info', () => {
  it('tells what a file holds, to programs and to people', async () => {
    writeFileSync(path.join(folder(), 'in.wav'), wavBytes(chirp(24001)));
    const { bytes, kbps } = jsonOf(
      await codec(folder(), 'encode', 'in.wav', '--recipe', 'tiny.yaml', '--json'),
    );
    const info = ['info', 'in.codec', '--recipe', 'tiny.yaml'];
    const summary = jsonOf(await codec(folder(), ...info, '--json'));
    expect(summary).toEqual({
      file: 'in.codec',
      container: 'codec',
      recipe: 'tiny',
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      bytes,
      durationSeconds: 24001 / 24000,
      sampleRateHz: 24000,
      channels: 1,
      codebooks: 8,
      frames: 76,
      chunks: 1,
      entropy: ['none'],
      codebookBits: new Array(8).fill(760),
      nominalKbps: 6,
      codesKbps: expect.any(Number),
      kbps,
      tokens: {
        ...{
          count: 8 * 76,
          frames: 76,
          codebooks: 8,
          codebookSize: 1024,
          frameRateHz: 75,
          tokensPerSecond: 600,
        },
        utilisation: expect.any(Array),
        perplexity: expect.any(Array),
        normalisedEntropy: expect.any(Array),
      },
    });
    const text = await codec(folder(), ...info);
    expect(text).toMatchObject({ status: 0, stderr: '' });
    const { tokens, ...rest } = summary as { tokens: Record<string, number | number[]> };
    for (const value of Object.values(rest)) expect(text.stdout.toString()).toContain(String(value));
    expect(text.stdout.toString()).toMatch(/^tokens:\n {2}count +608$/m);
    // What the codes of the file say of themselves.
    const codes = await withTiny(folder(), (tiny) => tiny.toCodes(mono(chirp(24001))));
    const distinct = (q: number) => new Set(codes.indices.subarray(q * 76, (q + 1) * 76)).size;
    for (const [q, share] of (tokens.utilisation as number[]).entries())
      expect(share).toBe(distinct(q) / 1024);
  });

  it('without the recipe of a file, names the recipe and its weights', async () => {
    const file = path.join(folder(), 'in.codec');
    const fingerprint = await withTiny(folder(), async (tiny) => {
      writeFileSync(file, await tiny.encode(mono(chirp(2400))));
      return Buffer.from(tiny.parts.fingerprint).toString('hex');
    });
    for (const command of ['info', 'decode']) {
      const message = failureOf(await codec(folder(), command, 'in.codec'));
      expect(message).toContain('"tiny"');
      expect(message).toContain(fingerprint);
      expect(message).toContain('--recipe');
    }
  });
});
