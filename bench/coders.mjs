import { Rng } from '../dist/src/core/rng.js';
import {
  adaptiveTree,
  binCoders,
  entropyCoders,
  FrequencyTable,
  frequenciesFromCounts,
  pullSymbol,
  pushSymbol,
  symbolCoders,
} from './entropy.mjs';
import { digits, measure } from './measure.mjs';
import { print, table } from './print.mjs';

const SYMBOLS = 1_000_000;
const ALPHABET = 1024;
const TOTAL = 2 ** 16;
const AIM_NS = 40;

/** Every coder on a million indices, against a loop that only looks each of them up. */
export async function coders() {
  // Zipf's law: a few symbols are frequent, most are rare.
  const frequencies = frequenciesFromCounts(Int32Array.from({ length: ALPHABET }, (_, s) => 1e6 / (s + 8)));
  const indices = draw(frequencies);
  const entropy = entropyOf(indices, frequencies);
  const all = {
    ...Object.fromEntries(
      Object.entries(entropyCoders).map(([name, { create }]) => [
        `codes: ${name}`,
        wholeCodes(create, frequencies),
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(symbolCoders).map(([name, coder]) => [`table: ${name}`, withTable(coder, frequencies)]),
    ),
    ...Object.fromEntries(
      Object.entries(binCoders).map(([name, coder]) => [`adaptive tree: ${name}`, withTree(coder)]),
    ),
  };
  const tasks = { 'plain loop': () => lookUp(indices, frequencies) };
  const bits = {};
  for (const [name, { encode, decode }] of Object.entries(all)) {
    const coded = encode(indices);
    bits[name] = (8 * (coded.bytes ?? coded).length) / SYMBOLS;
    if (!decode(coded).every((index, i) => index === indices[i])) {
      throw new Error(`${name} does not decode what it encoded`);
    }
    tasks[`${name} encode`] = () => encode(indices);
    tasks[`${name} decode`] = () => decode(coded);
  }
  const times = await measure(tasks, { rounds: 9, warmUps: 3 });
  const ns = (name) => (times[name].cpuMs * 1e6) / SYMBOLS;

  print(
    `${SYMBOLS} symbols of ${ALPHABET}, entropy ${entropy.toFixed(4)} bits; CPU time; aim ${AIM_NS} ns to decode with a table`,
  );
  print('an adaptive tree codes ten bins a symbol and must learn the distribution; the others are told');
  table(
    ['', 'encode, ns', 'decode, ns', 'over the loop', 'bits per symbol', 'over the entropy'],
    [
      ['plain loop', digits(ns('plain loop')), digits(ns('plain loop')), '1x', '', ''],
      ...Object.keys(all).map((name) => [
        name,
        digits(ns(`${name} encode`)),
        digits(ns(`${name} decode`)),
        `${digits(ns(`${name} decode`) / ns('plain loop'))}x`,
        bits[name].toFixed(4),
        `${((bits[name] / entropy - 1) * 100).toFixed(3)} %`,
      ]),
    ],
  );
}

/** An entropy coder of recipes: checks its input, falls back to plain bits. */
function wholeCodes(create, frequencies) {
  const shape = { codebooks: 1, frames: SYMBOLS, codebookSize: ALPHABET };
  const coder = create({ codebookSize: ALPHABET, frequencies });
  return {
    encode: (indices) => coder.encode({ ...shape, indices }),
    decode: (coded) => coder.decode(coded, shape).indices,
  };
}

function withTable(coder, frequencies) {
  const known = new FrequencyTable(frequencies);
  return {
    encode(indices) {
      const encoder = coder.encoder();
      for (let i = 0; i < indices.length; i++) pushSymbol(encoder, known, indices[i]);
      return encoder.finish();
    },
    decode(bytes) {
      const decoder = coder.decoder(bytes);
      const indices = new Int32Array(SYMBOLS);
      for (let i = 0; i < SYMBOLS; i++) indices[i] = pullSymbol(decoder, known);
      return indices;
    },
  };
}

function withTree(coder) {
  const tree = adaptiveTree(ALPHABET);
  return {
    encode(indices) {
      const encoder = coder.encoder(tree.contexts);
      for (let i = 0; i < indices.length; i++) tree.write(encoder, indices[i]);
      return encoder.finish();
    },
    decode(bytes) {
      const decoder = coder.decoder(bytes, tree.contexts);
      const indices = new Int32Array(SYMBOLS);
      for (let i = 0; i < SYMBOLS; i++) indices[i] = tree.read(decoder);
      return indices;
    },
  };
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
