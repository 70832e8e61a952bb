import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeEcdcHeader } from '../../src/bitstream/ecdc-header.ts';
import { Rng } from '../../src/core/rng.ts';
import { readAudio } from '../../src/media/audio-file.ts';
import { freshLanguageModel } from '../../src/recipe/fresh-weights.ts';
import { recipeNames } from '../../src/recipe/load.ts';
import { cachedFile } from '../../src/weights/folders.ts';
import { writeSafetensors } from '../../src/weights/safetensors.ts';
import { freshCaches } from '../weights/cache.ts';
import { codec, failureOf, jsonOf, pipeThrough } from './command.ts';
import { chirp, freshFolders, namesIn, randomWeights, wavBytes } from './fixtures.ts';

const folder = freshFolders();
freshCaches();
const inFolder = (name: string) => path.join(folder(), name);
const recipe = ['--recipe', 'ecdc.yaml'];
const LENGTH = 24001;

const shape = { dimension: 8, layers: 1, heads: 2 };
let weights: Uint8Array | undefined;

beforeEach(() => {
  weights ??= writeSafetensors(
    freshLanguageModel({ ...shape, codebooks: 16, codebookSize: 1024, pastFrames: 262 }, new Rng(3)),
  );
  writeFileSync(inFolder('lm.safetensors'), weights);
  writeFileSync(
    inFolder('ecdc.yaml'),
    `extends: ./tiny.yaml
weights: tiny.safetensors
ecdc:
  model: encodec_24khz
  languageModel: { weights: lm.safetensors, dimension: 8, layers: 1, heads: 2 }
`,
  );
  writeFileSync(inFolder('in.wav'), wavBytes(chirp(LENGTH)));
});

describe('codec and .ecdc files', () => {
  it.each([
    { what: 'without the language model', lm: [] },
    { what: 'with it', lm: ['--lm'] },
  ])('encode and decode files and pipes, and tell what they are: $what', async ({ lm }) => {
    const encoded = jsonOf(
      await codec(folder(), 'encode', 'in.wav', '-o', 'a.ecdc', ...recipe, ...lm, '--json'),
    );
    const bytes = readFileSync(inFolder('a.ecdc'));
    expect(encoded).toMatchObject({ output: 'a.ecdc', recipe: 'ecdc', bytes: bytes.length });
    expect(encoded.durationSeconds).toBe(LENGTH / 24000);
    expect(bytes.subarray(9, 68).toString()).toContain(
      `{"m": "encodec_24khz", "al": ${LENGTH}, "nc": 8, "lm": ${lm.length > 0}}`.slice(0, 59),
    );

    // A pipe does not tell its length beforehand; the file is the same.
    const wav = readFileSync(inFolder('in.wav'));
    wav.writeUInt32LE(0xffffffff, 40);
    const args = ['--container', 'ecdc', ...recipe, ...lm, '--quiet'];
    const piped = await pipeThrough(folder(), wav, 'encode', '-', ...args);
    expect(piped).toMatchObject({ status: 0, stderr: '' });
    expect(piped.stdout.equals(bytes)).toBe(true);

    const decoded = jsonOf(await codec(folder(), 'decode', 'a.ecdc', '-o', 'a.wav', ...recipe, '--json'));
    expect(decoded).toMatchObject({ output: 'a.wav', recipe: 'ecdc', bytes: bytes.length });
    const heard = await pipeThrough(folder(), bytes, 'decode', '-', ...recipe, '--quiet');
    expect(heard).toMatchObject({ status: 0, stderr: '' });
    writeFileSync(inFolder('b.wav'), heard.stdout);
    const [a, b] = await Promise.all(['a.wav', 'b.wav'].map((name) => readAudio(inFolder(name))));
    expect(a!.channels[0]!.length).toBe(LENGTH);
    expect(b).toEqual(a);
    const info = jsonOf(await codec(folder(), 'info', 'a.ecdc', ...recipe, '--json'));
    expect(info).toMatchObject({
      container: 'ecdc',
      recipe: 'ecdc',
      model: 'encodec_24khz',
      languageModel: lm.length > 0,
      bytes: bytes.length,
      durationSeconds: LENGTH / 24000,
      sampleRateHz: 24000,
      channels: 1,
      codebooks: 8,
      frames: 76,
      nominalKbps: 6,
    });
  });

  it('the extension says what to write, --container says otherwise; --lm is for .ecdc', async () => {
    const args = ['-o', 'odd.bin', '--container', 'ecdc', '--bitrate', '1.5', ...recipe];
    jsonOf(await codec(folder(), 'encode', 'in.wav', ...args, '--json'));
    expect(readFileSync(inFolder('odd.bin')).toString('latin1')).toContain('"nc": 2');
    expect(jsonOf(await codec(folder(), 'info', 'odd.bin', ...recipe, '--json'))).toMatchObject({
      codebooks: 2,
    });
    expect(failureOf(await codec(folder(), 'encode', 'in.wav', '--lm', ...recipe), 2)).toMatch(
      /--container ecdc/,
    );
  });

  it('a recipe that is none for .ecdc, or lacks the language model, is refused with what to do', async () => {
    const before = namesIn(folder());
    const encode = (...args: string[]) => codec(folder(), 'encode', 'in.wav', '-o', 'a.ecdc', ...args);
    expect(failureOf(await encode('--recipe', 'tiny.yaml'))).toMatch(/tiny is none for \.ecdc/);
    const absent = ['--set', 'ecdc.languageModel.weights=elsewhere', '--lm'];
    expect(failureOf(await encode(...recipe, ...absent))).toMatch(/no weights "elsewhere"/);
    const wide = ['--set', 'ecdc.languageModel.dimension=16', '--lm'];
    expect(failureOf(await encode(...recipe, ...wide))).toMatch(
      /weights do not fit.*\[1025,8\].*\[1025,16\]/,
    );
    expect(namesIn(folder())).toEqual(before);
  });

  it('damaged or foreign files are refused; --best-effort decodes what there is', async () => {
    jsonOf(await codec(folder(), 'encode', 'in.wav', '-o', 'a.ecdc', ...recipe, '--json'));
    const bytes = readFileSync(inFolder('a.ecdc'));
    writeFileSync(inFolder('cut.ecdc'), bytes.subarray(0, 500));
    const decode = (name: string, ...args: string[]) =>
      codec(folder(), 'decode', name, '-o', 'out.wav', ...recipe, ...args);
    expect(failureOf(await decode('cut.ecdc'))).toMatch(/truncated.*byte 500.*--best-effort/);
    expect(failureOf(await codec(folder(), 'info', 'cut.ecdc', ...recipe))).toMatch(/truncated/);
    expect(namesIn(folder())).not.toContain('out.wav');
    const rest = await decode('cut.ecdc', '--best-effort', '--json');
    expect(rest.status).toBe(0);
    expect(rest.stderr).toMatch(/^codec: damaged: .*truncated.*\n$/);
    const { complete, problem, durationSeconds } = JSON.parse(rest.stdout.toString());
    expect(complete).toBe(false);
    expect(problem).toMatch(/truncated/);
    expect(durationSeconds).toBeCloseTo(43 / 75, 5);

    const header = { model: 'encodec_96khz', lengthSamples: 1, codebooks: 1, languageModel: false };
    writeFileSync(inFolder('other.ecdc'), encodeEcdcHeader(header));
    expect(failureOf(await decode('other.ecdc'))).toMatch(/encodec_96khz.*expected encodec_24khz/);
    expect(failureOf(await codec(folder(), 'decode', 'other.ecdc'))).toMatch(
      /no recipe.*"encodec_96khz".*--recipe/,
    );
    writeFileSync(inFolder('newer.ecdc'), Buffer.from('ECDC\x01'.padEnd(20, '\0')));
    expect(failureOf(await decode('newer.ecdc', '--force'))).toMatch(/version 1/);
  });

  it('codec recipes shows the defaults of the language model', async () => {
    const shown = jsonOf(await codec(folder(), 'recipes', 'ecdc.yaml', '--json'));
    expect(shown.ecdc).toEqual({
      model: 'encodec_24khz',
      languageModel: { ...shape, weights: inFolder('lm.safetensors'), pastSeconds: 3.5 },
    });
    expect(recipeNames()).not.toContain('ecdc');
  });

  it('without --recipe: the recipe of the model whose weights are here, or how to get them', async () => {
    const encode = (...args: string[]) => codec(folder(), 'encode', 'in.wav', '-o', 'a.ecdc', ...args);
    expect(failureOf(await encode())).toMatch(/codec weights pull encodec-24khz-facebook/);
    const header = { model: 'encodec_48khz', lengthSamples: 48000, codebooks: 2, languageModel: false };
    const silence = [encodeEcdcHeader(header), new Uint8Array(2 * 4 + 375 + 5)];
    writeFileSync(inFolder('wide.ecdc'), Buffer.concat(silence));
    expect(failureOf(await codec(folder(), 'decode', 'wide.ecdc'))).toMatch(
      /codec weights pull encodec-48khz-facebook/,
    );
    expect(jsonOf(await codec(folder(), 'info', 'wide.ecdc', '--json'))).toMatchObject({
      recipe: 'encodec-48khz-facebook',
      channels: 2,
      frames: 150 + 2,
      durationSeconds: 1,
    });

    const target = cachedFile('encodec-24khz-facebook');
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, randomWeights('encodec-24khz-facebook', 1));
    writeFileSync(inFolder('in.wav'), wavBytes(chirp(2400)));
    expect(jsonOf(await encode('--json'))).toMatchObject({ recipe: 'encodec-24khz-facebook' });
    expect(jsonOf(await codec(folder(), 'decode', 'a.ecdc', '-o', 'a.wav', '--json'))).toMatchObject({
      recipe: 'encodec-24khz-facebook',
      durationSeconds: 0.1,
    });
    expect(failureOf(await encode('--lm', '--force'))).toMatch(
      /codec weights pull encodec-lm-24khz-facebook/,
    );
  });
});
