import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { readAudio } from '../../src/media/audio-file.ts';
import { openTokenDataset } from '../../src/tokens/index.ts';
import { ensureBuilt, root } from '../cli/build.ts';
import { chirp, freshFolders, wavBytes } from '../cli/fixtures.ts';

const folder = freshFolders();

it('examples/speech-lm.mjs goes from sound to a language model and back', { timeout: 240_000 }, async () => {
  await ensureBuilt();
  mkdirSync(path.join(folder(), 'speech'));
  for (const [i, length] of [9000, 24000, 12345].entries()) {
    writeFileSync(path.join(folder(), 'speech', `${i}.wav`), wavBytes(chirp(length)));
  }
  const sizes = ['--context', '16', '--width', '16', '--batch', '2', '--minutes', '0.05', '--seconds', '0.4'];
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [path.join(root, 'examples/speech-lm.mjs'), 'speech', 'out', '--recipe', 'tiny.yaml', ...sizes],
    { cwd: folder(), encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({ sequences: 3, frames: 30 });
  expect(result.steps).toBeGreaterThan(0);
  // It has begun to learn: less than what guessing costs.
  expect(result.loss).toBeLessThan(result.firstLoss);
  const { info } = openTokenDataset(path.join(folder(), 'out', 'tokens'));
  expect(info).toMatchObject({ layout: 'delay', items: 3, codebooks: 2 });
  const { channels } = await readAudio(path.join(folder(), 'out', 'sample.wav'));
  expect(channels[0]).toHaveLength(30 * 320);
});
