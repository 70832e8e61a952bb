import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { float32 } from '../dist/src/core/tensor.js';
import { createEngine } from '../dist/src/engine/catalogue.js';
import { compile } from '../dist/src/engine/engine.js';
import { readAudio } from '../dist/src/media/audio-file.js';
import { Codec } from '../dist/src/recipe/codec.js';
import { loadRecipe } from '../dist/src/recipe/load.js';
import { audioLosses } from '../dist/src/training/losses.js';
import { randomWeights } from './models.mjs';
import { print, table } from './print.mjs';

const EVAL = fileURLToPath(new URL('../../shared/data/speech/eval', import.meta.url));
const PER_SPEAKER = 3;
const RECIPE = 'encodec-24k';

/** What the shipped weights are worth on speech they have never heard, next to the same model untrained. */
export async function speech() {
  if (!existsSync(EVAL)) {
    print('  skipped: ../shared/data/speech/eval is absent');
    return;
  }
  const files = readdirSync(EVAL)
    .sort()
    .flatMap((speaker) => {
      const all = readdirSync(path.join(EVAL, speaker)).sort();
      return all.slice(0, PER_SPEAKER).map((file) => path.join(EVAL, speaker, file));
    });
  const recipe = loadRecipe(RECIPE);
  const { sampleRateHz, channels } = recipe.signal;
  const clips = [];
  for (const file of files) clips.push(await readAudio(file, { sampleRateHz, channels }));
  const seconds = clips.reduce((sum, clip) => sum + clip.channels[0].length / sampleRateHz, 0);
  print(
    `${RECIPE} on ${files.length} utterances (${seconds.toFixed(0)} s) of ${files.length / PER_SPEAKER} speakers`,
  );

  const codecs = {
    trained: await Codec.load(RECIPE),
    untrained: await Codec.create(recipe, randomWeights(recipe)),
  };
  const distance = await melDistance(sampleRateHz, recipe.training.losses);
  const rows = [];
  for (const bitrateKbps of recipe.bitrates.kbps) {
    const row = [`${bitrateKbps} kbps`];
    for (const codec of Object.values(codecs)) {
      let [sum, weight, bytes] = [0, 0, 0];
      for (const clip of clips) {
        const coded = await codec.encode(clip, { bitrateKbps });
        const heard = await codec.decode(coded);
        const [total, blocks] = await distance(clip.channels[0], heard.channels[0]);
        sum += total;
        weight += blocks;
        bytes += coded.length;
      }
      row.push((sum / weight).toFixed(3), ((8 * bytes) / seconds / 1000).toFixed(2));
    }
    rows.push(row);
  }
  table(['nominal', 'log-mel distance', 'kbps with headers', 'untrained', 'kbps'], rows);
  print(
    '  log-mel distance: mean |difference| of log10 mel magnitudes, mean of three resolutions; lower is better',
  );
}

/** Distance summed over whole seconds, and how many there were. */
export async function melDistance(sampleRateHz, options) {
  const engine = await createEngine();
  const graph = await compile(engine, (a, b) => audioLosses(a, b, sampleRateHz, options).mel, [
    [1, sampleRateHz],
    [1, sampleRateHz],
  ]);
  return async (reference, heard) => {
    let sum = 0;
    const blocks = Math.floor(reference.length / sampleRateHz);
    for (let i = 0; i < blocks; i++) {
      const part = (x) => float32([1, sampleRateHz], x.slice(i * sampleRateHz, (i + 1) * sampleRateHz));
      const [mel] = await graph.run(part(reference), part(heard));
      sum += mel.data[0];
    }
    return [sum, blocks];
  };
}
