import { codebooksFor } from '../codec/bitrate.ts';
import type { Recipe } from '../recipe/schema.ts';
import { buildStages } from '../recipe/stages.ts';

/** Codebooks that each bitrate of a recipe uses, under names such as `6kbps`. */
export function codebooksPerBitrate(recipe: Recipe): Record<string, number> {
  const { signal, quantizer, bitrates } = recipe;
  const frameRateHz = signal.sampleRateHz / buildStages(recipe).encoder.hopLength;
  return Object.fromEntries(
    bitrates.kbps.map((kbps) => [`${kbps}kbps`, codebooksFor(kbps, { ...quantizer, frameRateHz })]),
  );
}
