import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolders } from '../../test/cli/fixtures.ts';
import { CodecError } from '../core/errors.ts';
import { Rng } from '../core/rng.ts';
import type { RasterImage } from '../core/signal.ts';
import { loadFittedCodec } from '../recipe/fitted.ts';
import { readSafetensors, writeSafetensors } from '../weights/safetensors.ts';
import { removeFitCheckpoints } from './fit-checkpoints.ts';
import type { FittedEncodeOptions } from './fitted-codec.ts';

const folder = freshFolders();

function picture(seed = 3): RasterImage {
  const rng = new Rng(seed);
  const data = Uint8Array.from({ length: 24 * 20 * 3 }, (_, i) => 2 * (i % 60) + rng.int(30));
  return { kind: 'image', width: 24, height: 20, channels: 3, data };
}

/** Encodes, stopped after so many steps of all fits together. */
async function stoppedAfter(steps: number, options: FittedEncodeOptions) {
  const codec = await loadFittedCodec('inr-image', { threads: 1 });
  const stop = new AbortController();
  let seen = 0;
  const onProgress = () => {
    if (++seen === steps) stop.abort(new CodecError('interrupted', { what: 'stopped by the test' }));
  };
  await expect(codec.encode(picture(), { ...options, onProgress, abort: stop.signal })).rejects.toThrow(
    'stopped by the test',
  );
}

describe('a fit that is kept', () => {
  const cases: [string, FittedEncodeOptions, number[]][] = [
    ['while there is noise', { steps: 12, quality: 40 }, [3, 4]],
    ['where latents are rounded', { steps: 12, quality: 60 }, [11]],
    ['in the second fit of a search for a rate', { steps: 12, bpp: 4 }, [9]],
  ];
  it.each(cases)('goes on to the same file when stopped %s', async (_, options, stops) => {
    const checkpoint = path.join(folder(), 'fits');
    for (const steps of stops) await stoppedAfter(steps, { ...options, checkpoint });
    const codec = await loadFittedCodec('inr-image', { threads: 1 });
    let steps = 0;
    const onProgress = () => steps++;
    const whole = await codec.encode(picture(), { ...options, onProgress });
    const stepsOfWhole = steps;
    steps = 0;
    const file = await codec.encode(picture(), { ...options, checkpoint, onProgress });
    expect(whole.earlierSeconds).toBe(0);
    expect(file.earlierSeconds).toBeGreaterThan(0);
    expect(file).toEqual({ ...whole, earlierSeconds: file.earlierSeconds });
    expect(steps).toBe(stepsOfWhole - stops.reduce((a, b) => a + b));
    removeFitCheckpoints(checkpoint);
    expect(existsSync(checkpoint)).toBe(false);
    removeFitCheckpoints(checkpoint);
  });

  it('is not gone on with by another', async () => {
    const checkpoint = path.join(folder(), 'fits');
    const options = { steps: 8, checkpoint };
    await stoppedAfter(2, options);
    const codec = await loadFittedCodec('inr-image', { threads: 1 });
    const another =
      /cannot go on with the fit kept in .*: found one of another signal, recipe or other options/;
    await expect(codec.encode(picture(4), options)).rejects.toThrow(another);
    await expect(codec.encode(picture(), { ...options, seed: 1 })).rejects.toThrow(another);
    const kept = path.join(checkpoint, 'fit-1.safetensors');
    const { tensors, metadata } = readSafetensors(readFileSync(kept), kept);
    for (const state of ['{', '{"step":1}']) {
      writeFileSync(kept, writeSafetensors(tensors, { ...metadata, state }));
      await expect(codec.encode(picture(), options)).rejects.toMatchObject({ code: 'bad-weights' });
    }
    writeFileSync(kept, 'no fit');
    await expect(codec.encode(picture(), options)).rejects.toThrow(/cannot read .*fit-1.safetensors/);
    writeFileSync(path.join(checkpoint, 'mine.txt'), '');
    removeFitCheckpoints(checkpoint);
    expect(readdirSync(checkpoint)).toEqual(['mine.txt']);
    for (const place of ['mine.txt', 'no/fits']) {
      const file = path.join(checkpoint, place);
      await expect(codec.encode(picture(), { ...options, checkpoint: file })).rejects.toThrow(
        /cannot keep the fit in .*: found .*, expected a folder/,
      );
    }
  });
});
