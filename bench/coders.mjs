import { Rng } from '../dist/core/rng.js';
import { entropyCoders, frequenciesFromCounts } from './entropy.mjs';
import { digits, measure } from './measure.mjs';
import { print, table } from './print.mjs';

const SYMBOLS = 1_000_000;
const ALPHABET = 1024;
const TOTAL = 2 ** 16;

/** Entropy coding of a million indices, against a loop that only looks each of them up. */
export async function coders() {
  // Zipf's law: a few symbols are frequent, most are rare.
  const frequencies = frequenciesFromCounts(Int32Array.from({ length: ALPHABET }, (_, s) => 1e6 / (s + 8)));
  const indices = draw(frequencies);
  const shape = { codebooks: 1, frames: SYMBOLS, codebookSize: ALPHABET };
  const model = { codebookSize: ALPHABET, frequencies };

  const tasks = { 'plain loop': () => lookUp(indices, frequencies) };
  const bits = {};
  for (const [name, { create }] of Object.entries(entropyCoders)) {
    const coder = create(model);
    const coded = coder.encode({ ...shape, indices });
    bits[name] = (8 * coded.bytes.length) / SYMBOLS;
    if (!coder.decode(coded, shape).indices.every((index, i) => index === indices[i])) {
      throw new Error(`${name} does not decode what it encoded`);
    }
    tasks[`${name} encode`] = () => coder.encode({ ...shape, indices });
    tasks[`${name} decode`] = () => coder.decode(coded, shape);
  }
  const times = await measure(tasks, { rounds: 9, warmUps: 3 });

  print(`${SYMBOLS} symbols of ${ALPHABET}, entropy ${digits(entropyOf(indices, frequencies))} bits`);
  table(
    ['', 'ns per symbol', 'min to max, ms', 'over the loop', 'bits per symbol'],
    Object.entries(times).map(([name, { medianMs, spread }]) => [
      name,
      digits((medianMs * 1e6) / SYMBOLS),
      spread,
      `${digits(medianMs / times['plain loop'].medianMs)}x`,
      name.endsWith('encode') ? digits(bits[name.split(' ')[0]]) : '',
    ]),
  );
}

function draw(frequencies) {
  const owners = new Int32Array(TOTAL);
  let at = 0;
  for (const [symbol, frequency] of frequencies.entries()) {
    owners.fill(symbol, at, at + frequency);
    at += frequency;
  }
  const rng = new Rng(3);
  return Int32Array.from({ length: SYMBOLS }, () => owners[rng.int(TOTAL)]);
}

/** The least any coder must do: read each symbol and its frequency, write something. */
function lookUp(indices, frequencies) {
  const found = new Int32Array(indices.length);
  for (let i = 0; i < indices.length; i++) found[i] = frequencies[indices[i]];
  return found;
}

/** Ideal bits per symbol under the table. */
function entropyOf(indices, frequencies) {
  return indices.reduce((bits, index) => bits + Math.log2(TOTAL / frequencies[index]), 0) / indices.length;
}
