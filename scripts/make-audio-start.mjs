// Makes the networks that fits of inr-audio start from: node scripts/make-audio-start.mjs SPEECH_FOLDER OUT.safetensors [STEPS]
// Three seconds of every so many of the folder's files are fitted as one sound, from nothing, tiles at several rates by turns.
// Needs `npm run build`.
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createEngine } from '../dist/src/engine/catalogue.js';
import { runFit } from '../dist/src/fitting/loop.js';
import { readAudio } from '../dist/src/media/audio-file.js';
import { loadFittedRecipe } from '../dist/src/recipe/load.js';
import { representations } from '../dist/src/representations/catalogue.js';
import { AudioGeometry } from '../dist/src/representations/latent-audio/geometry.js';
import { LatentAudioProblem } from '../dist/src/representations/latent-audio/problem.js';
import { freshStart, stepFor } from '../dist/src/representations/latent-audio/start.js';
import { Target } from '../dist/src/representations/latent-audio/target.js';
import { writeSafetensors } from '../dist/src/weights/safetensors.js';

const LAMBDAS = [0.2, 0.06, 0.02, 0.006];
const [FILES, FROM_SECONDS, SECONDS, RATE_HZ] = [24, 2, 3, 16_000];

const [folder, out, steps = '120'] = process.argv.slice(2);
const { representation, fit } = loadFittedRecipe('inr-audio');
const options = {
  ...representations[representation.type].options.parse(withoutType(representation)),
  weights: undefined,
};
const sound = await joined();
const format = { sampleRateHz: RATE_HZ, channels: 1, lengthSamples: sound.length };
const target = new Target(
  { kind: 'audio', sampleRateHz: RATE_HZ, channels: [sound] },
  new AudioGeometry(options, format),
  options,
);
const trades = LAMBDAS.map((lambda) => ({ step: stepFor(lambda), lambda }));
const start = freshStart(options, target, (tile) => trades[tile % trades.length].step, 0);
const problem = new LatentAudioProblem(target, options, start, trades, { fine: 0, contexts: 1 });
const { parameters } = await runFit(problem, {
  engine: await createEngine('onnx', { threads: 1 }),
  settings: fit,
  steps: Number(steps),
  lambda: LAMBDAS[0],
  seed: 0,
  onProgress: ({ step, psnrDb, rate }) =>
    process.stderr.write(
      `\r${step}/${steps} ${psnrDb.toFixed(2)} dB ${((rate * RATE_HZ) / 1000).toFixed(2)} kbps `,
    ),
});
writeFileSync(out, writeSafetensors(parameters));

function withoutType({ type: _, ...rest }) {
  return rest;
}

/** Parts of files spread over the folder, one after another, all as loud. */
async function joined() {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.flac'))
    .toSorted();
  const every = Math.floor(names.length / FILES);
  const parts = [];
  for (let i = 0; i < FILES; i++) {
    const { channels } = await readAudio(path.join(folder, names[i * every]), { sampleRateHz: RATE_HZ });
    const part = channels[0].slice(FROM_SECONDS * RATE_HZ, (FROM_SECONDS + SECONDS) * RATE_HZ);
    const power = part.reduce((sum, sample) => sum + sample * sample, 0) / part.length;
    parts.push(part.map((sample) => (0.05 * sample) / Math.sqrt(power)));
  }
  return Float32Array.from(parts.flatMap((part) => [...part]));
}
