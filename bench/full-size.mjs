import * as tf from '@tensorflow/tfjs-core';
import { float32 } from '../dist/src/core/tensor.js';
import { createEngine } from '../dist/src/engine/catalogue.js';
import { compile } from '../dist/src/engine/engine.js';
import { Codec } from '../dist/src/recipe/codec.js';
import { digits, measure } from './measure.mjs';
import { encodecOfWidth, noise, randomWeights } from './models.mjs';
import { print, table } from './print.mjs';

const SECONDS = 10;
const KBPS = 6;
const AIM = 45;

// Real-time factors of facebookresearch/encodec 0e2d0ae (encodec_model_24khz, random weights, 10 s at 6 kbps, medians of
// 5) with PyTorch 1.13 on a 2-core AMD EPYC, and its multiply-accumulates per second of audio.
const REFERENCE = {
  2: { encode: 17.63, decode: 15.23 },
  1: { encode: 14.8, decode: 14.5 },
};
const GMAC = { encode: 1.4898 + 0.0786, decode: 1.4898 };

const SIDE = 1024;
const PRODUCTS = 8;

/** EnCodec 24 kHz as large as published, against PyTorch and against what the machine could do at best. */
export async function fullSize() {
  const recipe = encodecOfWidth(32, ['quantizer.codebooks=32']);
  const weights = randomWeights(recipe);
  const { sampleRateHz } = recipe.signal;
  const signal = { kind: 'audio', sampleRateHz, channels: [noise(SECONDS * sampleRateHz)] };

  const tasks = {};
  for (const threads of [2, 1]) {
    const codec = await Codec.create(recipe, weights, { threads });
    const codes = await codec.toCodes(signal, { bitrateKbps: KBPS });
    tasks[`encode ${threads}`] = () => codec.toCodes(signal, { bitrateKbps: KBPS });
    tasks[`decode ${threads}`] = () => codec.fromCodes(codes);
    tasks[`product ${threads}`] = await matrixProducts(threads);
  }
  const times = await measure(tasks);

  print(`EnCodec 24 kHz, nFilters 32, ${SECONDS} s of noise at ${KBPS} kbps; real-time factors; aim ${AIM}x`);
  const rows = [2, 1].flatMap((threads) => {
    const peak = (2 * PRODUCTS * SIDE ** 3) / times[`product ${threads}`].medianMs / 1e6;
    const codecRows = ['encode', 'decode'].map((way) => {
      const { medianMs, spread } = times[`${way} ${threads}`];
      const factor = (SECONDS * 1000) / medianMs;
      const reference = REFERENCE[threads][way];
      const gflops = 2 * GMAC[way] * factor;
      return [
        `${way}, ${threadsOf(threads)}`,
        digits(medianMs),
        spread,
        `${digits(factor)}x`,
        `${reference}x`,
        `${digits(factor / reference)}x`,
        digits(gflops),
        `${Math.round((100 * gflops) / peak)} %`,
      ];
    });
    const { medianMs, spread } = times[`product ${threads}`];
    const name = `${PRODUCTS} products of side ${SIDE}, ${threadsOf(threads)}`;
    return [...codecRows, [name, digits(medianMs), spread, '', '', '', digits(peak), '100 %']];
  });
  table(['', 'ms', 'min to max', 'ours', 'PyTorch', 'ratio', 'GFLOPS', 'of products'], rows);
}

function threadsOf(count) {
  return count === 1 ? '1 thread' : `${count} threads`;
}

/** A chain of square matrix products by one constant matrix: as fast as this engine multiplies here. */
async function matrixProducts(threads) {
  const shape = [SIDE, SIDE];
  const values = () =>
    float32(
      shape,
      noise(SIDE * SIDE).map((v) => v / 8),
    );
  const chain = (x) => {
    const w = tf.tensor(values().data, shape);
    let y = x;
    for (let i = 0; i < PRODUCTS; i++) y = tf.matMul(y, w);
    return y;
  };
  const graph = await compile(await createEngine('onnx', { threads }), chain, [shape]);
  const x = values();
  return () => graph.run(x);
}
