import * as tf from '@tensorflow/tfjs-core';
import { float32 } from '../dist/src/core/tensor.js';
import { createEngine } from '../dist/src/engine/catalogue.js';
import { loadGradients } from '../dist/src/engine/gradients.js';
import { InputParams } from '../dist/src/nn/params.js';
import { WholeTimeline } from '../dist/src/nn/timeline.js';
import { buildStages } from '../dist/src/recipe/stages.js';
import { audioLosses } from '../dist/src/training/losses.js';
import { digits, measure } from './measure.mjs';
import { encodecOfWidth, noise, randomWeights } from './models.mjs';
import { print, table } from './print.mjs';

const WIDTH = 8;
const FRAMES = 20;

/** What a training step spends its time on: loss and gradients of all weights, as one graph or op by op. */
export async function training() {
  await loadGradients();
  const recipe = encodecOfWidth(WIDTH, ['quantizer.codebooks=1']);
  const weights = randomWeights(recipe);
  const { encoder, decoder } = buildStages(recipe);
  const { sampleRateHz } = recipe.signal;
  const { losses } = recipe.training;
  const length = FRAMES * encoder.hopLength;
  // The codebooks are not learnt by gradients.
  const names = [...weights.keys()].filter((name) => !name.startsWith('quantizer.'));
  const step = (io) => {
    const scope = { params: new InputParams(io, weights), time: new WholeTimeline() };
    const x = io.input('x', [1, length, 1]);
    const flat = (t) => tf.reshape(t, [1, length]);
    const values = names.map((name) => io.input(`param:${name}`, weights.get(name).shape));
    const { value, grads } = tf.valueAndGrads(() => {
      const y = decoder.decode(encoder.encode(x, scope), scope);
      const { waveform, mel, spectrum } = audioLosses(flat(y), flat(x), sampleRateHz, losses);
      return tf.addN([waveform, mel, spectrum]);
    })(values);
    io.output('loss', value);
    for (const [i, name] of names.entries()) io.output(name, grads[i]);
  };

  const x = float32([1, length, 1], noise(length));
  const feed = (name) => (name === 'x' ? x : weights.get(name.slice('param:'.length)));
  const tasks = {};
  const found = {};
  for (const name of ['onnx', 'tfjs-cpu']) {
    const graph = await (await createEngine(name)).compile(step);
    found[name] = (await graph.run(feed)).loss.data[0];
    tasks[name] = () => graph.run(feed);
  }
  if (!(Math.abs(found.onnx / found['tfjs-cpu'] - 1) < 1e-3)) {
    throw new Error(`the engines disagree about the loss: ${Object.values(found).join(', ')}`);
  }
  const times = await measure(tasks, { rounds: 3 });
  print(`loss and gradients of ${names.length} weights, nFilters ${WIDTH}, ${length} samples of noise`);
  table(
    ['engine', 'ms', 'min to max', 'onnx is faster by'],
    Object.entries(times).map(([name, { medianMs, spread }]) => [
      name,
      digits(medianMs),
      spread,
      `${digits(medianMs / times.onnx.medianMs)}x`,
    ]),
  );
}
