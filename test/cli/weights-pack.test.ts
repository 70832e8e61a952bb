import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/weights/safetensors.ts';
import { codec, failureOf, jsonOf } from './command.ts';
import { chirp, freshFolders, wavBytes } from './fixtures.ts';

const folder = freshFolders();
const inFolder = (name: string) => path.join(folder(), name);

/** Packs tiny.safetensors to tiny.ncw, and makes a recipe that names it. */
async function packTiny(...options: string[]) {
  writeFileSync(inFolder('packed.yaml'), 'extends: ./tiny.yaml\nname: packed\nweights: tiny.ncw\n');
  return jsonOf(
    await codec(folder(), 'weights', 'pack', 'tiny.safetensors', '-o', 'tiny.ncw', '--json', ...options),
  );
}

describe('codec weights pack and unpack', () => {
  it('a recipe can name packed weights; unpacked they are the same model', async () => {
    const packed = await packTiny();
    expect(packed).toMatchObject({
      output: 'tiny.ncw',
      bytes: statSync(inFolder('tiny.ncw')).size,
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(packed.bytes).toBeLessThan(statSync(inFolder('tiny.safetensors')).size / 3);
    const unpacked = jsonOf(
      await codec(folder(), 'weights', 'unpack', 'tiny.ncw', '-o', 'again.safetensors', '--json'),
    );
    expect(unpacked.fingerprint).toBe(packed.fingerprint);

    writeFileSync(inFolder('in.wav'), wavBytes(chirp(24_001)));
    expect(await codec(folder(), 'encode', 'in.wav', '--recipe', 'packed.yaml')).toMatchObject({ status: 0 });
    const info = jsonOf(await codec(folder(), 'info', 'in.codec', '--recipe', 'packed.yaml', '--json'));
    expect(info.fingerprint).toBe(packed.fingerprint);
    const decode = ['decode', 'in.codec', '--recipe', 'packed.yaml'];
    expect(await codec(folder(), ...decode, '-o', 'a.wav')).toMatchObject({ status: 0 });
    expect(
      await codec(folder(), ...decode, '--set', `weights=${inFolder('again.safetensors')}`, '-o', 'b.wav'),
    ).toMatchObject({ status: 0 });
    expect(readFileSync(inFolder('a.wav'))).toEqual(readFileSync(inFolder('b.wav')));
    // The weights before packing are others.
    const other = ['--set', `weights=${inFolder('tiny.safetensors')}`, '-o', 'c.wav'];
    expect(failureOf(await codec(folder(), ...decode, ...other))).toContain(String(packed.fingerprint));
  });

  it('what is packed already keeps its values unless other steps are asked for', async () => {
    const packed = await packTiny();
    const again = ['weights', 'pack', 'tiny.ncw', '-o', 'again.ncw', '--json', '--force'];
    const kept = jsonOf(await codec(folder(), ...again));
    expect(kept).toMatchObject({ fingerprint: packed.fingerprint, bytes: packed.bytes });
    const other = jsonOf(await codec(folder(), ...again, '--step', '0.5'));
    expect(other.fingerprint).not.toBe(packed.fingerprint);
  });

  it('a smaller step makes a larger file, the default output lies beside the input', async () => {
    const fine = await packTiny('--step', '0.01', '--lambda', '0');
    const coarse = await packTiny('--step', '0.5', '--force');
    expect(fine.bytes).toBeGreaterThan(Number(coarse.bytes));
    const text = await codec(folder(), 'weights', 'unpack', 'tiny.ncw', '--force');
    expect(text).toMatchObject({ status: 0, stderr: '' });
    expect(text.stdout.toString()).toContain('tiny.safetensors: ');
    // Weights named by their name may lie where nobody should write.
    const shipped = await codec(folder(), 'weights', 'unpack', 'encodec-24k', '--quiet');
    expect(shipped).toMatchObject({ status: 0, stderr: '' });
    expect(statSync(inFolder('encodec-24k.safetensors')).size).toBeGreaterThan(20e6);
    const { tensors } = readSafetensors(readFileSync(inFolder('tiny.safetensors')));
    expect(tensors.size).toBe((coarse.tensors as unknown[]).length);
  });

  it('tables are made for weights packed or not, and make files smaller', async () => {
    await packTiny();
    mkdirSync(inFolder('sound'));
    writeFileSync(inFolder('sound/a.wav'), wavBytes(chirp(48_000)));
    writeFileSync(inFolder('sound/b.wav'), 'no sound');
    const tables = ['weights', 'tables', 'packed.yaml', '--data', 'sound', '-o', 'tiny.ncw', '--json'];
    const made = await codec(folder(), ...tables, '--force');
    expect(made.stderr).toMatch(/left out .*b\.wav[\s\S]*encoding 1 files[\s\S]*training tables on 2 s/);
    const told = jsonOf({ ...made, stderr: '' });
    expect(told).toMatchObject({ output: 'tiny.ncw', audioSeconds: 2 });
    writeFileSync(inFolder('in.wav'), wavBytes(chirp(24_000)));
    const bytes: number[] = [];
    for (const entropy of ['none', 'context']) {
      const encode = ['encode', 'in.wav', '--recipe', 'packed.yaml', '--entropy', entropy, '--json'];
      const outcome = jsonOf(await codec(folder(), ...encode, '-o', `${entropy}.codec`));
      bytes.push(Number(outcome.bytes));
      const decode = ['decode', `${entropy}.codec`, '--recipe', 'packed.yaml', '--json'];
      expect(jsonOf(await codec(folder(), ...decode, '-o', `${entropy}.wav`))).toMatchObject({
        durationSeconds: 1,
      });
      expect(readFileSync(inFolder(`${entropy}.wav`))).toEqual(readFileSync(inFolder('none.wav')));
    }
    expect(bytes[1]).toBeLessThan(0.9 * bytes[0]!);
    // The same from weights that are not packed yet.
    const loose = [
      ...tables.slice(0, -2),
      'other.ncw',
      '--set',
      `weights=${inFolder('tiny.safetensors')}`,
      '--json',
      '--quiet',
    ];
    const again = await codec(folder(), ...loose);
    expect(jsonOf({ ...again, stderr: '' }).fingerprint).toBe(told.fingerprint);
  }, 120_000);

  it('refuses bad options, damaged files and overwriting', async () => {
    await packTiny();
    const pack = ['weights', 'pack', 'tiny.safetensors', '-o', 'tiny.ncw'];
    expect(failureOf(await codec(folder(), ...pack))).toMatch(/will not overwrite tiny\.ncw/);
    expect(failureOf(await codec(folder(), ...pack, '--force', '--step', '0'))).toMatch(/this step: found 0/);
    expect(failureOf(await codec(folder(), 'weights', 'pack', 'absent.ncw'))).toMatch(/no weights/);
    expect(failureOf(await codec(folder(), 'weights'), 2)).toMatch(/unpack or tables/);
    const onto = ['weights', 'pack', 'tiny.ncw', '--force'];
    expect(failureOf(await codec(folder(), ...onto))).toMatch(/the input itself/);
    const bytes = readFileSync(inFolder('tiny.ncw'));
    writeFileSync(inFolder('tiny.ncw'), bytes.fill(1, bytes.length - 9, bytes.length - 8));
    expect(failureOf(await codec(folder(), 'weights', 'unpack', 'tiny.ncw', '-o', 'x.safetensors'))).toMatch(
      /tiny\.ncw is damaged: found another check sum/,
    );
  });
});
