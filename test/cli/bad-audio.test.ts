import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { codec, failureOf } from './command.ts';
import { chirp, freshFolders, namesIn, wavBytes, wavHeader } from './fixtures.ts';

const folder = freshFolders();

const good = wavBytes(chirp(24000));
const spoilt = (value: number) =>
  wavBytes(
    chirp(24000).map((v, t) => (t === 20001 ? value : v)),
    { format: 'float32' },
  );

describe('codec encode of something that is no good audio', () => {
  it.each([
    { what: 'an empty file', bytes: Buffer.alloc(0), says: /in\.wav.*no bytes/ },
    { what: 'a truncated file', bytes: good.subarray(0, -1000), says: /in\.wav is truncated.*47000.*48000/ },
    { what: 'a truncated header', bytes: good.subarray(0, 30), says: /in\.wav/ },
    { what: 'text', bytes: Buffer.from('dear diary,\n'.repeat(99)), says: /in\.wav|ffmpeg/ },
    { what: 'no samples', bytes: wavHeader(0, {}), says: /in\.wav.*no samples/ },
    { what: 'a NaN', bytes: spoilt(Number.NaN), says: /in\.wav.*NaN at sample 20001/ },
    { what: 'an infinity', bytes: spoilt(-Infinity), says: /in\.wav.*-Infinity at sample 20001/ },
  ])('$what', async ({ bytes, says }) => {
    writeFileSync(path.join(folder(), 'in.wav'), bytes);
    const before = namesIn(folder());
    expect(failureOf(await codec(folder(), 'encode', 'in.wav', '--recipe', 'tiny.yaml'))).toMatch(says);
    expect(namesIn(folder())).toEqual(before);
  });

  it('no file at all, or a folder', async () => {
    mkdirSync(path.join(folder(), 'folder.wav'));
    const before = namesIn(folder());
    for (const [name, says] of [
      ['absent.wav', /absent\.wav.*no such file/i],
      ['folder.wav', /folder\.wav.*(folder|directory)/],
    ] as const) {
      expect(failureOf(await codec(folder(), 'encode', name, '--recipe', 'tiny.yaml'))).toMatch(says);
    }
    expect(namesIn(folder())).toEqual(before);
  });
});

it('codec decode and info of something that is no .codec file', async () => {
  writeFileSync(path.join(folder(), 'in.wav'), good);
  writeFileSync(path.join(folder(), 'empty.codec'), '');
  const before = namesIn(folder());
  expect(failureOf(await codec(folder(), 'decode', 'in.wav'))).toMatch(/not a .*\.codec file/);
  expect(failureOf(await codec(folder(), 'decode', 'empty.codec'))).toMatch(/empty|no bytes/);
  expect(failureOf(await codec(folder(), 'info', 'absent.codec'))).toMatch(/absent\.codec.*no such file/);
  expect(namesIn(folder())).toEqual(before);
});
