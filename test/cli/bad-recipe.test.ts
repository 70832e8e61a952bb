import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadRecipe } from '../../src/recipe/load.ts';
import { readSafetensors, writeSafetensors } from '../../src/weights/safetensors.ts';
import { codec, failureOf } from './command.ts';
import { chirp, freshFolders, namesIn, wavBytes } from './fixtures.ts';

const folder = freshFolders();
const inFolder = (name: string) => path.join(folder(), name);
beforeEach(() => writeFileSync(inFolder('in.wav'), wavBytes(chirp(2400))));

async function refused(...args: string[]): Promise<string> {
  const before = namesIn(folder());
  const line = failureOf(await codec(folder(), 'encode', 'in.wav', ...args));
  expect(namesIn(folder())).toEqual(before);
  return line;
}

describe('a recipe that cannot be used', () => {
  it('is unknown: the nearest names', async () => {
    expect(await refused('--recipe', 'encodec24k')).toMatch(/"encodec24k".*encodec-24k/);
  });

  it('has a key that does not exist: its path and the nearest that does', async () => {
    writeFileSync(inFolder('my.yaml'), 'extends: ./tiny.yaml\nencoder: { nfilters: 4 }\n');
    expect(await refused('--recipe', 'my.yaml')).toMatch(/my\.yaml: encoder.*"nfilters".*nFilters/);
  });

  // What the library says; the command prints it as it is.
  it.each([
    {
      yaml: 'extends: ./tiny.yaml\nchunk: { fileFrames: many }',
      says: /my\.yaml: chunk\.fileFrames.*"many"/,
    },
    { yaml: 'extends: ./tiny.yaml\nencoder: { ratios: [8, -5] }', says: /my\.yaml: encoder\.ratios\.1.*-5/ },
    { yaml: 'extends: ./tiny.yaml\ndecoder: { type: magic }', says: /my\.yaml: decoder.*seanet.*"magic"/ },
    { yaml: 'extends: ./tiny.yaml\ncolour: red', says: /my\.yaml: top level.*"colour"/ },
    { yaml: 'extends: ./my.yaml', says: /circle/ },
    { yaml: 'extends: encodec-25k', says: /"encodec-25k".*encodec-24k/ },
    { yaml: 'name: a\nname: b', says: /my\.yaml is not YAML.*unique/ },
    { yaml: '- a list', says: /my\.yaml is not a recipe/ },
    { yaml: 'name: lonely', says: /my\.yaml: media/ },
  ])('$yaml', ({ yaml, says }) => {
    writeFileSync(inFolder('my.yaml'), yaml);
    expect(() => loadRecipe(inFolder('my.yaml'))).toThrow(
      expect.objectContaining({ code: 'bad-recipe', message: expect.stringMatching(says) }),
    );
  });

  it('is a path to nothing', async () => {
    expect(await refused('--recipe', 'absent.yaml')).toMatch(/absent\.yaml/);
  });
});

describe('weights that cannot be used', () => {
  const tiny = ['--recipe', 'tiny.yaml'];

  it('are absent', async () => {
    expect(await refused(...tiny, '--set', 'weights=absent.safetensors')).toMatch(/absent\.safetensors/);
  });

  it('are of another shape: the tensor, its shape and the one expected', async () => {
    const says = /encoder\.model\.0\.conv\.conv\.weight.*\[2,1,7\].*\[3,1,7\]/;
    expect(await refused(...tiny, '--set', 'encoder.nFilters=3')).toMatch(says);
  });

  it('lack a tensor, or are no weights at all', async () => {
    const { tensors } = readSafetensors(readFileSync(inFolder('tiny.safetensors')));
    tensors.delete('encoder.model.0.conv.conv.bias');
    writeFileSync(inFolder('tiny.safetensors'), writeSafetensors(tensors));
    expect(await refused(...tiny)).toMatch(/lack encoder\.model\.0\.conv\.conv\.bias.*\[2\]/);
    writeFileSync(inFolder('tiny.safetensors'), 'not weights');
    expect(await refused(...tiny)).toMatch(/tiny\.safetensors.*safetensors file/);
  });
});
