// EnCodec's language model at its published size (random weights), one step per frame, as encoding and decoding .ecdc
// files take it: probabilities, their quantized sums, and the arithmetic coder.
import { LsbBitWriter } from '../dist/src/bitstream/lsb-bits.js';
import { LanguageModel } from '../dist/src/codec/language-model.js';
import { Rng } from '../dist/src/core/rng.js';
import { createEngine } from '../dist/src/engine/catalogue.js';
import { EcdcArithmeticEncoder, quantizeCdf } from '../dist/src/entropy/ecdc-coder.js';
import { freshLanguageModel } from '../dist/src/recipe/fresh-weights.js';
import { digits } from './measure.mjs';
import { print, table } from './print.mjs';

const SECONDS = 10;
const CODEBOOK_SIZE = 1024;
const PUBLISHED = { codebookSize: CODEBOOK_SIZE, dimension: 200, layers: 5, heads: 8 };

export async function languageModel() {
  const engine = await createEngine('onnx', { threads: 1 });
  const rows = [];
  for (const { name, frameRateHz, codebooks, use } of [
    { name: '24 kHz', frameRateHz: 75, codebooks: 32, use: [2, 8, 32] },
    { name: '48 kHz', frameRateHz: 150, codebooks: 16, use: [2, 8, 16] },
  ]) {
    const sizes = { ...PUBLISHED, codebooks, pastFrames: Math.floor(3.5 * frameRateHz) };
    const lm = new LanguageModel(sizes, freshLanguageModel(sizes, new Rng(1)), engine);
    for (const used of use) {
      const rng = new Rng(2);
      const run = await lm.begin(used);
      const encoder = new EcdcArithmeticEncoder(new LsbBitWriter());
      const cdf = new Int32Array(CODEBOOK_SIZE);
      let previous;
      let [model, coder] = [0, 0];
      const frames = SECONDS * frameRateHz;
      for (let t = -50; t < frames; t++) {
        // The first steps warm up.
        if (t === 0) [model, coder] = [0, 0];
        const start = performance.now();
        const probabilities = await run.step(previous);
        const between = performance.now();
        previous = Int32Array.from({ length: used }, () => rng.int(CODEBOOK_SIZE));
        for (let k = 0; k < used; k++) {
          quantizeCdf(probabilities.subarray(k * CODEBOOK_SIZE, (k + 1) * CODEBOOK_SIZE), cdf);
          encoder.push(previous[k], cdf);
        }
        model += between - start;
        coder += performance.now() - between;
      }
      rows.push([
        `${name}, ${used} codebooks`,
        digits(model / frames),
        digits(coder / frames),
        `${digits((1000 * SECONDS) / (model + coder))}x`,
      ]);
    }
    await lm.dispose();
  }
  print(`${SECONDS} s of random codes, one thread`);
  table(['', 'model, ms per frame', 'coder, ms per frame', 'real time'], rows);
}
