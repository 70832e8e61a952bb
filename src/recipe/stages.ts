import type { Framing } from '../codec/framing.ts';
import type { Decoder, Encoder, Features, Quantizer, Vocoder } from '../core/stages.ts';
import { decoders } from '../decoders/catalogue.ts';
import { encoders } from '../encoders/catalogue.ts';
import { features as featureKinds } from '../features/catalogue.ts';
import { quantizers } from '../quantizers/catalogue.ts';
import { vocoders } from '../vocoders/catalogue.ts';
import { framings } from './framings.ts';
import type { Recipe } from './schema.ts';

export interface Stages {
  /** From the signal itself to latents, and back. */
  readonly encoder: Encoder;
  readonly quantizer: Quantizer;
  readonly decoder: Decoder;
  /** Samples by which the decoded signal lags behind. */
  readonly delaySamples: number;
  /** Encoder and decoder alone, with the features they work on and the way back, where that is not the signal. */
  readonly inner: InnerStages;
}

export interface InnerStages {
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly features?: Features;
  readonly vocoder?: Vocoder;
}

/** Builds the stages a recipe names. */
export function buildStages(recipe: Recipe): Stages {
  const { channels, sampleRateHz } = recipe.signal;
  const frontEnd = buildFrontEnd(recipe);
  const shape = {
    channels,
    dimension: recipe.latent.dimension,
    features: frontEnd?.features.dimension ?? channels,
    sampleRateHz,
  };
  const encoder = encoders[recipe.encoder.type].create({ ...recipe.encoder, ...shape } as never);
  const quantizer = quantizers[recipe.quantizer.type].create({ ...recipe.quantizer, ...shape });
  const decoder = decoders[recipe.decoder.type].create({ ...recipe.decoder, ...shape } as never);
  if (!frontEnd) {
    const delaySamples = decoder.delayFrames * encoder.hopLength;
    return { encoder, quantizer, decoder, delaySamples, inner: { encoder, decoder } };
  }
  const { features, vocoder } = frontEnd;
  const hopLength = encoder.hopLength * features.hopLength;
  const delaySamples = decoder.delayFrames * hopLength + vocoder.delayFrames * features.hopLength;
  return {
    encoder: {
      hopLength,
      dimension: encoder.dimension,
      encode: (x, scope) => encoder.encode(features.analyse(x, scope), scope),
    },
    quantizer,
    decoder: {
      delayFrames: delaySamples / hopLength,
      decode: (latents, scope) => vocoder.synthesise(decoder.decode(latents, scope), scope),
    },
    delaySamples,
    inner: { encoder, decoder, ...frontEnd },
  };
}

function buildFrontEnd({
  signal,
  features,
  vocoder,
}: Recipe): { features: Features; vocoder: Vocoder } | undefined {
  if (!features || !vocoder) return undefined;
  return {
    features: featureKinds[features.type].create({ ...features, ...signal }),
    vocoder: vocoders[vocoder.type].create({ ...vocoder, ...signal, features }),
  };
}

/** Builds the framing a recipe names. */
export function buildFraming({ framing, signal, chunk }: Recipe): Framing {
  const { sampleRateHz } = signal;
  return framings[framing.type].create(framing as never, { sampleRateHz, fileFrames: chunk.fileFrames });
}
