import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { codec, failureOf, jsonOf } from './command.ts';
import { freshFolders, namesIn } from './fixtures.ts';

const folder = freshFolders();

it('codec export writes graphs and manifest, once', async () => {
  const args = ['export', 'tiny.yaml', '-o', 'a/onnx', '--bitrate', '3', '--frames', '20'];
  const printed = jsonOf(await codec(folder(), ...args, '--json'));
  const inside = (file: string) => path.join(folder(), 'a/onnx', file);
  const manifest = JSON.parse(readFileSync(inside('manifest.json'), 'utf8'));
  expect(printed).toEqual({ output: 'a/onnx', ...manifest });
  expect(manifest).toMatchObject({
    recipe: 'tiny',
    bitrateKbps: 3,
    codebooks: 4,
    framing: { kind: 'chunk', frames: 20, samples: 6400 },
    encoder: { file: 'encoder.onnx' },
  });
  for (const { file } of [manifest.encoder, manifest.decoder]) expect(existsSync(inside(file))).toBe(true);
  expect(failureOf(await codec(folder(), ...args))).toMatch(/--force/);
  const again = await codec(folder(), ...args, '--force');
  expect(again).toMatchObject({ status: 0, stderr: '' });
  expect(again.stdout.toString().split('\n')).toContain('a/onnx/encoder.onnx');
});

it('codec export of what is not there says so, and writes nothing', async () => {
  const before = namesIn(folder());
  expect(failureOf(await codec(folder(), 'export', 'encodec-24', '-o', 'onnx'))).toMatch(
    /no recipe "encodec-24"/,
  );
  expect(namesIn(folder())).toEqual(before);
});
