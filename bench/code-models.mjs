import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { sliceFrames } from '../dist/src/core/codes.js';
import { EntropyCoders, entropyCoderNames } from '../dist/src/entropy/catalogue.js';
import { readEntropyModel } from '../dist/src/entropy/model-tables.js';
import { readAudio } from '../dist/src/media/audio-file.js';
import { Codec } from '../dist/src/recipe/codec.js';
import { loadRecipe } from '../dist/src/recipe/load.js';
import { loadWeights } from '../dist/src/weights/store.js';
import { print, table } from './print.mjs';

const EVAL = fileURLToPath(new URL('../../shared/data/speech/eval', import.meta.url));
const PER_SPEAKER = Number(process.env.PER_SPEAKER ?? 3);
const RECIPES = (process.env.RECIPES ?? 'encodec-24k,mel-24k').split(',');

/**
 * What each entropy coder makes of the shipped models' codes of speech that neither model nor tables have heard; one CPU
 * core. RECIPES and PER_SPEAKER (utterances) choose others.
 */
export async function codeModels() {
  if (!existsSync(EVAL)) {
    print('  skipped: ../shared/data/speech/eval is absent');
    return;
  }
  for (const name of RECIPES) await compare(name);
}

async function compare(name) {
  const recipe = loadRecipe(name);
  const codec = await Codec.load(name);
  const { framing, model } = codec.parts;
  const framesPerChunk = framing.framesPerChunk(model);
  const { codebookSize } = model.parts.quantizer;
  const codes = [];
  for (const speaker of readdirSync(EVAL).sort()) {
    for (const file of readdirSync(path.join(EVAL, speaker)).sort().slice(0, PER_SPEAKER)) {
      const audio = await readAudio(path.join(EVAL, speaker, file), recipe.signal);
      codes.push(await codec.toCodes(audio, { bitrateKbps: Math.max(...recipe.bitrates.kbps) }));
    }
  }
  const seconds = codes.reduce((sum, { frames }) => sum + frames, 0) / codec.frameRateHz;
  print(`${name}: ${codes.length} utterances, ${seconds.toFixed(0)} s, chunks of ${framesPerChunk} frames`);
  const tables = readEntropyModel(loadWeights(recipe.weights).tensors, codebookSize);
  const { frequencies } = tables;
  const variants = [
    ...entropyCoderNames.map((coder) => [coder, coder, tables]),
    ['mix, no network', 'mix', { codebookSize, frequencies }],
    ['mix, no tables', 'mix', { codebookSize }],
  ];
  const rows = [];
  for (const [label, coderName, from] of variants) {
    const coder = new EntropyCoders(from).get(coderName);
    const row = [label];
    let speeds = '';
    for (const kbps of recipe.bitrates.kbps) {
      const codebooks = codec.codebooksFor(kbps);
      const chunks = codes.flatMap((each) => chunksOf(each, codebooks, framesPerChunk));
      const [coded, encodeSeconds] = timed(() => chunks.map((chunk) => coder.encode(chunk)));
      const [decoded, decodeSeconds] = timed(() => coded.map((c, i) => coder.decode(c, chunks[i])));
      if (decoded.some(({ indices }, c) => indices.some((v, i) => v !== chunks[c].indices[i]))) {
        throw new Error(`${label} does not decode what it encoded`);
      }
      const measured = (coded.reduce((sum, { bytes }) => sum + bytes.length, 0) * 8) / seconds / 1000;
      row.push(measured.toFixed(3), `${(100 * (measured / kbps - 1)).toFixed(1)} %`);
      speeds = [seconds / encodeSeconds, seconds / decodeSeconds].map((x) => `${x.toFixed(0)}x`);
    }
    rows.push([...row, ...speeds]);
  }
  const top = Math.max(...recipe.bitrates.kbps);
  const columns = recipe.bitrates.kbps.flatMap((kbps) => [`${kbps} kbps`, 'saved']);
  table(['coder', ...columns, `encode at ${top}`, 'decode'], rows);
  await codec.dispose();
}

function chunksOf(codes, codebooks, framesPerChunk) {
  const fewer = { ...codes, codebooks, indices: codes.indices.slice(0, codebooks * codes.frames) };
  return Array.from({ length: Math.ceil(codes.frames / framesPerChunk) }, (_, c) =>
    sliceFrames(fewer, c * framesPerChunk, Math.min(codes.frames, (c + 1) * framesPerChunk)),
  );
}

/** What `work` gives and the seconds of CPU time it took. */
function timed(work) {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  return [result, (user + system) / 1e6];
}
