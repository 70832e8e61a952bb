import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { CodecError, loadFittedCodec, writeImage } from '../../src/index.ts';
import { readRaster } from '../../src/media/image-file.ts';
import { freshFolders } from '../../test/cli/fixtures.ts';
import { fittedSystem } from './fitted-system.ts';
import { parseSystems } from './system-spec.ts';

const folder = freshFolders();

it('goes on with a fit that an earlier run did not finish, and tells the time of both', async () => {
  const place = folder();
  const file = path.join(place, 'photo.png');
  const data = Uint8Array.from({ length: 24 * 24 * 3 }, (_, i) => 2 * (i % 100));
  await writeImage(file, { kind: 'image', width: 24, height: 24, channels: 3, data });
  const unfinished = path.join(place, 'unfinished', 'photo');
  mkdirSync(path.dirname(unfinished));
  const codec = await loadFittedCodec('inr-image', { threads: 1, set: ['fit.presets.fast.steps=40'] });
  const stop = new AbortController();
  const encoded = codec.encode(await readRaster(file), {
    quality: 30,
    checkpoint: unfinished,
    abort: stop.signal,
    onProgress({ step }) {
      if (step === 38) stop.abort(new CodecError('interrupted', { what: 'stopped by the test' }));
    },
  });
  await expect(encoded).rejects.toThrow('stopped by the test');
  const [spec] = parseSystems('recipe', ['inr-image@quality=30:fit.presets.fast.steps=40']);
  const item = { id: 'photo.png', path: file, media: 'image' } as const;
  const system = fittedSystem(spec!, (set) => loadFittedCodec('inr-image', { set, threads: 1 }));
  const inOne = await system.run(item, place, path.join(place, 'unfinished', 'another'));
  const { encodeSeconds, decoded, bytes } = await system.run(item, place, unfinished);
  expect({ decoded, bytes }).toEqual({ decoded: inOne.decoded, bytes: inOne.bytes });
  // Two of forty steps were left to do.
  expect(encodeSeconds).toBeGreaterThan(inOne.encodeSeconds / 4);
  expect(existsSync(unfinished)).toBe(false);
});
