// EnCodec's language model at its published size (random weights), one step per frame, as encoding and decoding .ecdc
// files take it: probabilities, their quantized sums, and the arithmetic coder.
import { LsbBitWriter } from '../dist/bitstream/lsb-bits.js';
import { LanguageModel } from '../dist/codec/language-model.js';
import { Rng } from '../dist/core/rng.js';
import { createEngine } from '../dist/engine/catalogue.js';
import { trace } from '../dist/engine/onnx/onnx-engine.js';
import { EcdcArithmeticEncoder, quantizeCdf } from '../dist/entropy/ecdc-coder.js';
import { languageModelStep } from '../dist/nn/code-language-model.js';
import { FreshParams } from '../dist/nn/params.js';

const CODEBOOK_SIZE = 1024;
const PUBLISHED = { codebookSize: CODEBOOK_SIZE, dimension: 200, layers: 5, heads: 8 };

function freshModel(sizes, engine) {
  const params = new FreshParams(new Rng(1));
  const { dimension, layers, heads, pastFrames, codebooks } = sizes;
  const list = (io, label, shape) =>
    Array.from({ length: layers }, (_, i) => io.input(`${label}${i}`, shape));
  trace((io) => {
    const inputs = {
      rows: io.input('rows', [codebooks], 'int32'),
      position: io.input('position', [1, dimension]),
      mask: io.input('mask', [1, 1, pastFrames]),
      keys: list(io, 'keys', [heads, dimension / heads, pastFrames]),
      values: list(io, 'values', [heads, pastFrames, dimension / heads]),
    };
    io.output('p', languageModelStep(inputs, sizes, params).probabilities);
  });
  return new LanguageModel(sizes, params.weights, engine);
}

export async function languageModel() {
  const engine = await createEngine('onnx', { threads: 1 });
  const rows = [];
  for (const { name, frameRateHz, codebooks, use } of [
    { name: '24 kHz', frameRateHz: 75, codebooks: 32, use: [2, 8, 32] },
    { name: '48 kHz', frameRateHz: 150, codebooks: 16, use: [2, 8, 16] },
  ]) {
    const lm = freshModel({ ...PUBLISHED, codebooks, pastFrames: Math.floor(3.5 * frameRateHz) }, engine);
    for (const used of use) {
      const rng = new Rng(2);
      const run = await lm.begin(used);
      const encoder = new EcdcArithmeticEncoder(new LsbBitWriter());
      const cdf = new Int32Array(CODEBOOK_SIZE);
      let previous;
      let [model, coder] = [0, 0];
      const frames = 10 * frameRateHz;
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
      rows.push({
        model: name,
        codebooks: used,
        'ms per step': +(model / frames).toFixed(3),
        'ms of coder': +(coder / frames).toFixed(3),
        'times real time': +(10000 / (model + coder)).toFixed(1),
      });
    }
    await lm.dispose();
  }
  return rows;
}
