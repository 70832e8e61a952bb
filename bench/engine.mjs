import { float32 } from '../dist/src/core/tensor.js';
import { feedOf } from '../dist/src/engine/engine.js';
import { ConstantParams } from '../dist/src/nn/params.js';
import { WholeTimeline } from '../dist/src/nn/timeline.js';
import { foldWeightNorm } from '../dist/src/nn/weight-norm.js';
import { buildStages } from '../dist/src/recipe/stages.js';
import { comparedEngines } from './engines.mjs';
import { digits, measure } from './measure.mjs';
import { encodecOfWidth, noise, randomWeights } from './models.mjs';
import { print, table } from './print.mjs';

const WIDTH = 8;
const FRAMES = 75;

/** One graph on every engine: SEANet encoder and decoder, as one compiled graph or op by op. */
export async function engine() {
  const recipe = encodecOfWidth(WIDTH);
  const { encoder, decoder } = buildStages(recipe);
  const params = new ConstantParams(foldWeightNorm(randomWeights(recipe)));
  const length = FRAMES * encoder.hopLength;
  const feed = feedOf({ x: float32([1, length, 1], noise(length)) });

  const graphs = {};
  for (const [name, each] of Object.entries(await comparedEngines())) {
    graphs[name] = await each.compile((io) => {
      const scope = { params, time: new WholeTimeline() };
      io.output('y', decoder.decode(encoder.encode(io.input('x', [1, length, 1]), scope), scope));
    });
  }
  const { y: expected } = await graphs.onnx.run(feed);
  for (const [name, graph] of Object.entries(graphs)) checkAlike(name, expected, (await graph.run(feed)).y);

  const tasks = Object.fromEntries(Object.entries(graphs).map(([name, g]) => [name, () => g.run(feed)]));
  const times = await measure(tasks, { rounds: 5 });
  const seconds = length / recipe.signal.sampleRateHz;
  print(`SEANet encoder and decoder, nFilters ${WIDTH}, ${seconds} s of noise`);
  table(
    ['engine', 'ms', 'min to max', 'real time', 'onnx is faster by'],
    Object.entries(times).map(([name, { medianMs, spread }]) => [
      name,
      digits(medianMs),
      spread,
      `${digits((seconds * 1000) / medianMs)}x`,
      `${digits(medianMs / times.onnx.medianMs)}x`,
    ]),
  );
  for (const graph of Object.values(graphs)) await graph.dispose();
}

/** Engines that disagree would be timed at different work. */
function checkAlike(name, expected, found) {
  const worst = found.data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected.data[i])), 0);
  if (!(worst < 1e-2)) throw new Error(`${name} differs from onnx by ${worst}`);
}
