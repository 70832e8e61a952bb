import { loadRecipe } from '../recipe/load.ts';
import type { Recipe } from '../recipe/schema.ts';

/** A waveform codec small enough to train for a few steps in a test; the codebooks come in at step 4. */
export function tinyRecipe(changes: readonly string[] = []): Recipe {
  return loadRecipe('encodec-24k', [
    'encoder.nFilters=2',
    'decoder.nFilters=2',
    'latent.dimension=8',
    'quantizer.codebooks=4',
    'quantizer.codebookSize=16',
    'bitrates.kbps=[0.3, 0.6, 1.2]',
    'bitrates.default=0.6',
    'training.segmentFrames=12',
    'training.batch=2',
    'training.warmupSteps=1',
    'training.learningRate=0.005',
    'training.unquantizedSteps=3',
    'training.losses.windows=[512, 128]',
    'training.losses.melBands=[20, 8]',
    ...changes,
  ]);
}

/** Settings of mel-24k for the same. */
export const TINY_MEL: readonly string[] = [
  'features.hopLength=64',
  'features.bands=20',
  'encoder.width=8',
  'encoder.blocks=1',
  'decoder.width=8',
  'decoder.blocks=1',
  'latent.dimension=8',
  'quantizer.codebooks=4',
  'quantizer.codebookSize=16',
  'bitrates.kbps=[1.5, 3]',
  'bitrates.default=3',
  'training.segmentFrames=10',
  'training.batch=2',
  'training.warmupSteps=1',
];

/** And of a network for its magnitudes. */
export const TINY_MAGNITUDES: readonly string[] = [
  'vocoder.magnitudes.type=convnext',
  'vocoder.magnitudes.weights=none',
  'vocoder.magnitudes.width=16',
  'vocoder.magnitudes.blocks=1',
];
