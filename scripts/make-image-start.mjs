// Makes the weights that fits of inr-image start from: node scripts/make-image-start.mjs KODAK_FOLDER OUT.safetensors [STEPS]
// The middles of some pictures are fitted as one, from nothing. Its networks are the first part, the second are filters from the
// levels of the pictures' Laplacian pyramids to the fitted latents, by least squares. Needs `npm run build`.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createEngine } from '../dist/src/engine/catalogue.js';
import { runFit } from '../dist/src/fitting/loop.js';
import { readRaster } from '../dist/src/media/image-file.js';
import { loadFittedRecipe } from '../dist/src/recipe/load.js';
import {
  analysisName,
  forNeighbours,
  laplacianPyramid,
} from '../dist/src/representations/latent-image/analysis.js';
import { pictureOf } from '../dist/src/representations/latent-image/picture.js';
import { LatentImageProblem } from '../dist/src/representations/latent-image/problem.js';
import { freshStart } from '../dist/src/representations/latent-image/start.js';
import { writeSafetensors } from '../dist/src/weights/safetensors.js';

const PICTURES = ['01', '02', '04', '07', '08', '09', '11', '14', '19'];
const LAMBDA = 1e-3;
const CHANNELS = 3;
/** Of the mean power of a feature: keeps filters small where features say the same. */
const RIDGE = 1e-4;

const [folder, out, steps = '220'] = process.argv.slice(2);
const { representation, fit } = loadFittedRecipe('inr-image');
const options = { ...representation, weights: undefined };
const picture = pictureOf(await mosaic(options.tile));
const engine = await createEngine('onnx', { threads: 1 });
const start = freshStart(options, picture, LAMBDA, 0);
const problem = new LatentImageProblem(picture, options, LAMBDA, start);
const { parameters } = await runFit(problem, {
  engine,
  settings: fit,
  steps: Number(steps),
  lambda: LAMBDA,
  seed: 0,
  onProgress: ({ step, psnrDb, rate }) =>
    process.stderr.write(`\r${step}/${steps} ${psnrDb.toFixed(2)} dB ${rate.toFixed(3)} bpp `),
});
const tensors = new Map(parameters);
for (const [level, pyramid] of laplacianPyramid(picture, options).entries()) {
  const grid = problem.grids.get(`latent:${level}`);
  const filter = leastSquares(pyramid, grid.values.map(Math.round), [grid.rows, grid.columns]);
  tensors.set(analysisName(level), { dtype: 'float32', shape: [filter.length], data: filter });
}
writeFileSync(out, writeSafetensors(tensors));

/** The middles of the pictures, side by side. */
async function mosaic(side) {
  const across = Math.sqrt(PICTURES.length);
  const width = across * side;
  const data = new Uint8Array(width * width * CHANNELS);
  for (const [k, name] of PICTURES.entries()) {
    const raster = await readRaster(path.join(folder, `kodim${name}.png`));
    const [left, top] = [(raster.width - side) >> 1, (raster.height - side) >> 1];
    for (let y = 0; y < side; y++) {
      const from = ((top + y) * raster.width + left) * CHANNELS;
      const to = ((Math.floor(k / across) * side + y) * width + (k % across) * side) * CHANNELS;
      data.set(raster.data.subarray(from, from + side * CHANNELS), to);
    }
  }
  return { kind: 'image', width, height: width, channels: CHANNELS, data };
}

/** The 3 x 3 filter of a level from which its latents differ least. */
function leastSquares(values, latents, size) {
  const taps = 9 * CHANNELS;
  const system = Array.from({ length: taps }, () => new Float64Array(taps + 1));
  const features = new Float64Array(taps);
  for (const [i, latent] of latents.entries()) {
    forNeighbours(size, CHANNELS, i, (at, tap) => {
      features[tap] = values[at];
    });
    for (let a = 0; a < taps; a++) {
      for (let b = 0; b < taps; b++) system[a][b] += features[a] * features[b];
      system[a][taps] += features[a] * latent;
    }
  }
  const power = system.reduce((sum, row, a) => sum + row[a], 0) / taps;
  for (let a = 0; a < taps; a++) system[a][a] += RIDGE * power;
  // Gauss-Jordan; the matrix is symmetric and positive.
  for (let a = 0; a < taps; a++) {
    for (let row = 0; row < taps; row++) {
      if (row === a) continue;
      const factor = system[row][a] / system[a][a];
      for (let b = a; b <= taps; b++) system[row][b] -= factor * system[a][b];
    }
  }
  return Float32Array.from(system, (row, a) => row[taps] / row[a]);
}
