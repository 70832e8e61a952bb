import type { Decoder, Encoder, Quantizer } from '../core/stages.ts';
import { decoders } from '../decoders/catalogue.ts';
import { encoders } from '../encoders/catalogue.ts';
import { quantizers } from '../quantizers/catalogue.ts';
import type { Recipe } from './schema.ts';

export interface Stages {
  readonly encoder: Encoder;
  readonly quantizer: Quantizer;
  readonly decoder: Decoder;
}

/** Builds the stages a recipe names. */
export function buildStages(recipe: Recipe): Stages {
  const shape = { channels: recipe.signal.channels, dimension: recipe.latent.dimension };
  return {
    encoder: encoders[recipe.encoder.type].create({ ...recipe.encoder, ...shape }),
    quantizer: quantizers[recipe.quantizer.type].create({ ...recipe.quantizer, ...shape }),
    decoder: decoders[recipe.decoder.type].create({ ...recipe.decoder, ...shape }),
  };
}
