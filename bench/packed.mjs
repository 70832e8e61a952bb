import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { readAudio } from '../dist/src/media/audio-file.js';
import { Codec } from '../dist/src/recipe/codec.js';
import { loadRecipe } from '../dist/src/recipe/load.js';
import { packWeights } from '../dist/src/weights/pack.js';
import { writeSafetensors } from '../dist/src/weights/safetensors.js';
import { loadWeights } from '../dist/src/weights/store.js';
import { unpackWeights } from '../dist/src/weights/unpack.js';
import { digits, measure } from './measure.mjs';
import { print, table } from './print.mjs';
import { melDistance } from './speech.mjs';

const EVAL = fileURLToPath(new URL('../../shared/data/speech/eval', import.meta.url));
const RECIPE = 'encodec-24k';
const STEPS = [0.15, 0.25, 0.35, 0.5];
const MAX_SECONDS = 6;

/**
 * What packing does to weights and to what the codec makes of them. WEIGHTS names the weights before packing; those that
 * ship are packed already.
 */
export async function packed() {
  const source = process.env.WEIGHTS;
  if (!source || !existsSync(EVAL)) {
    print(
      `  skipped: ${source ? '../shared/data/speech/eval is absent' : 'set WEIGHTS to a .safetensors file'}`,
    );
    return;
  }
  const recipe = loadRecipe(RECIPE);
  const { tensors } = loadWeights(source);
  const whole = writeSafetensors(tensors, {}, (_, t) => (t.dtype === 'float32' ? 'F16' : 'I32'));
  const megabytes = (bytes) => (bytes / 1e6).toFixed(2);
  print(
    `float16 ${megabytes(whole.length)} MB, gzip -9 ${megabytes(gzipSync(whole, { level: 9 }).length)} MB, ${zstd(whole)}`,
  );

  const clips = await readClips(recipe.signal);
  const distance = await melDistance(recipe.signal.sampleRateHz, recipe.training.losses);
  const before = await outcomes(recipe, tensors, clips, distance);
  const rows = [];
  for (const step of STEPS) {
    const { bytes } = packWeights(tensors, { step });
    const decode = () =>
      [...unpackWeights(bytes).tensors.values()].reduce((n, { data }) => n + data.length, 0);
    const { task } = await measure({ task: decode }, { rounds: 3 });
    const after = await outcomes(recipe, unpackWeights(bytes).tensors, clips, distance, before);
    for (const kbps of recipe.bitrates.kbps) {
      const { decoderDb, chainDb, agreement, mel } = after[kbps];
      rows.push([
        step,
        megabytes(bytes.length),
        digits(task.cpuMs),
        kbps,
        decoderDb.toFixed(1),
        chainDb.toFixed(1),
        `${(100 * agreement).toFixed(1)} %`,
        mel.toFixed(4),
        `${mel < before[kbps].mel ? '' : '+'}${(100 * (mel / before[kbps].mel - 1)).toFixed(2)} %`,
      ]);
    }
  }
  table(
    [
      'step',
      'MB',
      'decode, CPU ms',
      'kbps',
      'same codes, dB',
      'chain, dB',
      'codes alike',
      'log-mel',
      'change',
    ],
    rows,
  );
  print(
    '  dB: output of the weights before packing over the difference to it, decoder alone and encoder with decoder',
  );
}

async function readClips(signal) {
  const files = readdirSync(EVAL)
    .sort()
    .map((speaker) => path.join(EVAL, speaker, readdirSync(path.join(EVAL, speaker)).sort()[0]));
  const clips = [];
  for (const file of files) {
    const { channels, ...rest } = await readAudio(file, signal);
    clips.push({ ...rest, channels: channels.map((c) => c.slice(0, MAX_SECONDS * signal.sampleRateHz)) });
  }
  return clips;
}

/** Codes, sound and its distance for each bitrate; where `reference` is given, how far they are from it. */
async function outcomes(recipe, weights, clips, distance, reference) {
  const codec = await Codec.create(recipe, weights);
  const all = {};
  for (const bitrateKbps of recipe.bitrates.kbps) {
    const [parts, sums] = [[], { signal: 0, decoder: 0, chain: 0, alike: 0, codes: 0, mel: 0, seconds: 0 }];
    for (const [i, clip] of clips.entries()) {
      const codes = await codec.toCodes(clip, { bitrateKbps });
      const sound = (await codec.fromCodes(codes)).channels[0];
      parts.push({ codes, sound });
      const [sum, seconds] = await distance(clip.channels[0], sound);
      sums.mel += sum;
      sums.seconds += seconds;
      const known = reference?.[bitrateKbps].parts[i];
      if (!known) continue;
      const same = (await codec.fromCodes(known.codes)).channels[0];
      sums.signal += energy(known.sound);
      sums.decoder += energy(known.sound, same);
      sums.chain += energy(known.sound, sound);
      sums.alike += codes.indices.filter((index, k) => index === known.codes.indices[k]).length;
      sums.codes += codes.indices.length;
    }
    all[bitrateKbps] = {
      parts,
      mel: sums.mel / sums.seconds,
      decoderDb: 10 * Math.log10(sums.signal / sums.decoder),
      chainDb: 10 * Math.log10(sums.signal / sums.chain),
      agreement: sums.alike / sums.codes,
    };
  }
  await codec.dispose();
  return all;
}

/** Of a signal, or of its difference to another. */
function energy(signal, other) {
  return signal.reduce((sum, value, t) => sum + (value - (other?.[t] ?? 0)) ** 2, 0);
}

function zstd(bytes) {
  try {
    const out = execFileSync('zstd', ['-19', '-c', '-q'], { input: bytes, maxBuffer: 2 * bytes.length });
    return `zstd -19 ${(out.length / 1e6).toFixed(2)} MB`;
  } catch {
    return 'zstd is absent';
  }
}
