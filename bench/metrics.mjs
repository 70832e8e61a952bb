import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { estoi, melDistance, pesq, siSdr, snr, stftDistance, stoi } from '../dist/eval/index.js';
import { readAudio } from '../dist/src/media/audio-file.js';
import { digits, measure, median } from './measure.mjs';
import { print, table } from './print.mjs';

const SECONDS = 10;
const GOLDEN = fileURLToPath(new URL('../../shared/golden/metrics', import.meta.url));
const SPEECH = fileURLToPath(new URL('../examples/speech.wav', import.meta.url));

/** How long the audio metrics take, and how far they are from their references. */
export async function metrics() {
  await speed();
  if (existsSync(GOLDEN)) agreement();
  else print('  agreement skipped: ../shared/golden/metrics is absent');
}

async function speed() {
  const { channels } = await readAudio(SPEECH, { sampleRateHz: 16000, channels: 1 });
  const clip = channels[0];
  const reference = Float32Array.from({ length: SECONDS * 16000 }, (_, i) => clip[i % clip.length]);
  // Coarse quantisation: a fault that is everywhere, and the same on every run.
  const degraded = reference.map((x) => Math.round(x * 64) / 64);
  const options = { sampleRateHz: 16000 };
  const pesqIn = (mode) => () => pesq(reference, degraded, { ...options, mode });
  print(`first PESQ of the process: ${digits(processorMs(pesqIn('pesq-wb')))} ms of processor time`);
  const tasks = {
    'pesq-wb': pesqIn('pesq-wb'),
    'pesq-nb': pesqIn('pesq-nb'),
    'pesq-wb-c2': pesqIn('pesq-wb-c2'),
    stoi: () => stoi(reference, degraded, options),
    estoi: () => estoi(reference, degraded, options),
    'si-sdr': () => siSdr(reference, degraded),
    snr: () => snr(reference, degraded),
    'mel-distance': () => melDistance(reference, degraded, options),
    'stft-distance': () => stftDistance(reference, degraded),
  };
  const times = await measure(tasks);
  table(
    [`${SECONDS} s at 16 kHz`, 'median ms', 'range', 'processor ms'],
    Object.entries(times).map(([name, { medianMs, spread }]) => [
      name,
      digits(medianMs),
      spread,
      digits(median([1, 2, 3].map(() => processorMs(tasks[name])))),
    ]),
  );
}

/** What a task takes of the processor, whatever else runs. */
function processorMs(task) {
  const before = process.cpuUsage();
  task();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function agreement() {
  const worst = new Map();
  const note = (name, difference) => {
    const [pairs, largest] = worst.get(name) ?? [0, 0];
    worst.set(name, [pairs + 1, Math.max(largest, Number.isNaN(difference) ? 0 : Math.abs(difference))]);
  };
  for (const row of csv('pesq')) {
    const mode = { nb: 'pesq-nb', wb: 'pesq-wb', wb_c2: 'pesq-wb-c2' }[row.mode];
    const got = pesq(wav('pesq', row.ref), wav('pesq', row.deg), { sampleRateHz: Number(row.fs), mode });
    note(`${mode} against mos_lqo`, got - Number(row.mos_lqo));
    note(`${mode} against mos_lqo_f64`, got - Number(row.mos_lqo_f64));
  }
  for (const row of csv('stoi')) {
    const cut = (name) => wav('stoi', name).slice(0, Number(row.samples));
    const [reference, degraded] = [cut(row.ref), cut(row.deg)];
    const options = { sampleRateHz: Number(row.fs) };
    note('stoi against pystoi', stoi(reference, degraded, options) - Number(row.stoi_6));
    note('estoi against pystoi', estoi(reference, degraded, options) - Number(row.estoi_6));
    // Infinity less infinity is no difference.
    note('si-sdr, dB', siSdr(reference, degraded) - Number(row.si_sdr_db.replace('inf', 'Infinity')));
  }
  table(
    ['metric', 'pairs', 'largest difference'],
    [...worst].map(([name, [pairs, largest]]) => [name, pairs, largest.toFixed(6)]),
  );
}

function csv(folder) {
  const [head, ...lines] = readFileSync(path.join(GOLDEN, folder, 'expected.csv'), 'utf8')
    .trim()
    .split('\n');
  const columns = head.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [columns[i], cell])));
}

/** 16-bit samples behind a 44-byte header. */
function wav(folder, name) {
  const bytes = readFileSync(path.join(GOLDEN, folder, name));
  return Float32Array.from(
    { length: (bytes.length - 44) / 2 },
    (_, i) => bytes.readInt16LE(44 + 2 * i) / 32768,
  );
}
