import { createEngine } from '../dist/engine/catalogue.js';
import { Trainer } from '../dist/training/trainer.js';
import { digits, measure } from './measure.mjs';
import { encodecOfWidth, noise } from './models.mjs';
import { print, table } from './print.mjs';

const WIDTH = 8;
const STEPS = 1000;

/** One training step, forward, backward and Adam, as one compiled graph or op by op. */
export async function training() {
  const recipe = encodecOfWidth(WIDTH, [
    'quantizer.codebooks=2',
    'training.batch=1',
    'training.segmentFrames=40',
    'training.losses.windows=[512, 128]',
    'training.losses.melBands=[40, 16]',
  ]);
  const samples = Int16Array.from(noise(recipe.signal.sampleRateHz), (v) => Math.round(v * 32767));
  const clips = [{ name: 'noise', samples }];
  const tasks = {};
  let batchSeconds = 0;
  for (const name of ['onnx', 'tfjs-cpu']) {
    const trainer = await Trainer.create(recipe, await createEngine(name), 1);
    batchSeconds = trainer.batchSeconds;
    tasks[name] = () => trainer.step(clips, STEPS);
  }
  const times = await measure(tasks, { rounds: 3 });
  print(`training step (forward, backward, Adam), nFilters ${WIDTH}, ${digits(batchSeconds)} s of noise`);
  table(
    ['engine', 'ms per step', 'min to max', 'onnx is faster by'],
    Object.entries(times).map(([name, { medianMs, spread }]) => [
      name,
      digits(medianMs),
      spread,
      `${digits(medianMs / times.onnx.medianMs)}x`,
    ]),
  );
}
