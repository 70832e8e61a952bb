import { z } from 'zod';
import { decoders } from '../decoders/catalogue.ts';
import { encoders } from '../encoders/catalogue.ts';
import { entropyCoderNames } from '../entropy/catalogue.ts';
import { features } from '../features/catalogue.ts';
import { quantizers } from '../quantizers/catalogue.ts';
import { representations } from '../representations/catalogue.ts';
import { vocoders } from '../vocoders/catalogue.ts';
import { framings } from './framings.ts';
import { training } from './training-schema.ts';

interface Entry {
  readonly options: z.ZodObject;
}

/** What a recipe may say in a slot: the name of a method under `type`, and that method's options. */
type Slot<C extends Record<string, Entry>> = {
  [K in keyof C]: { type: K } & z.output<C[K]['options']>;
}[keyof C];

function slot<C extends Record<string, Entry>>(catalogue: C): z.ZodType<Slot<C>> {
  const choices = Object.entries(catalogue).map(([name, { options }]) =>
    options.extend({ type: z.literal(name) }),
  );
  return z.discriminatedUnion('type', choices as never) as unknown as z.ZodType<Slot<C>>;
}

const positive = z.number().positive();
const count = z.int().positive();

const signal = z.strictObject({
  sampleRateHz: count.describe('rate at which the codec works; other input is resampled'),
  channels: count.describe(
    'channels at which the codec works; stereo is averaged to mono, mono doubled to stereo',
  ),
});

const languageModel = z
  .strictObject({
    weights: z.string().describe('its weights: a name under models/ or a path to a safetensors file'),
    dimension: count.default(200),
    layers: count.default(5),
    heads: count.default(8),
    pastSeconds: positive.max(60).default(3.5).describe('how far back it sees'),
  })
  .refine(({ dimension, heads }) => dimension % heads === 0 && dimension % 2 === 0 && dimension > 2, {
    path: ['dimension'],
    message: 'must be even, above 2 and a multiple of the heads',
  });

const ecdc = z.strictObject({
  model: z.string().describe("name of the reference's model whose weights these are, as .ecdc files say it"),
  languageModel: languageModel.optional(),
});

/** What every recipe says of itself. */
const standing = {
  name: z.string().regex(/^[a-z0-9][a-z0-9.+-]*$/, 'lower-case letters, digits, dots, dashes and plus signs'),
  id: z
    .int()
    .min(1)
    .max(16383)
    .optional()
    .describe('number under which .codec files name a recipe of this package'),
  about: z.string().default(''),
  default: z.boolean().default(false).describe('taken for its media when no recipe is named'),
};

const recipeShape = z.strictObject({
  ...standing,
  media: z.literal('audio'),
  signal,
  latent: z.strictObject({ dimension: count.describe('channels of a latent frame') }),
  framing: slot(framings).prefault({ type: 'stream' }).describe('how a signal is cut for the model'),
  features: slot(features).optional().describe('what the encoder works on, if not the signal itself'),
  vocoder: slot(vocoders).optional().describe('the way back from those features to a signal'),
  encoder: slot(encoders),
  quantizer: slot(quantizers),
  decoder: slot(decoders),
  entropy: z.enum(entropyCoderNames).default('static').describe('entropy coder of the codes'),
  bitrates: z
    .strictObject({
      kbps: z.array(positive).min(1).describe('nominal bitrates on offer'),
      default: positive,
    })
    .refine(({ kbps, default: chosen }) => kbps.includes(chosen), {
      path: ['default'],
      message: 'must be one of bitrates.kbps',
    }),
  chunk: z
    .strictObject({
      // At least what a first convolution of kernel 7 reflects at the start of a signal.
      computeFrames: count
        .min(8)
        .max(4096)
        .default(75)
        .describe('latent frames per run of the graph; the codes do not depend on it'),
      fileFrames: count.max(8192).default(375).describe('latent frames per chunk of a .codec file'),
    })
    .prefault({}),
  weights: z.string().describe('a name of codec weights list, or the path of a .ncw or .safetensors file'),
  ecdc: ecdc
    .optional()
    .describe("only with the weights of one of the reference's models: reads and writes .ecdc"),
  training: training.prefault({}),
});

/** A whole recipe, every default filled in. */
export const recipeSchema = recipeShape.refine(
  ({ features, vocoder }) => (features === undefined) === (vocoder === undefined),
  { path: ['vocoder'], message: 'features and a vocoder come together' },
);

const share = z.number().min(0).max(1);

const fit = z
  .strictObject({
    presets: z
      .record(z.string(), z.strictObject({ steps: count.describe('how often the whole signal is seen') }))
      .describe('how long to fit: more steps, fewer bits'),
    preset: z.string().describe('the preset taken when none is named'),
    lambda: z
      .strictObject({
        coarse: positive.describe('at quality 1'),
        fine: positive.describe('at quality 100'),
      })
      .describe('mean squared error that a bit per pixel or sample is worth'),
    quality: z.number().min(1).max(100).default(50).describe('the quality taken when none is named'),
    learningRate: positive.default(1e-2),
    learningRateFloor: share.default(0.02).describe('what is left of it at the end'),
    warmupSteps: z.int().min(0).default(20).describe('runs of the graph in which it grows'),
    roundedShare: share
      .default(0.15)
      .describe('share of the steps, at the end, in which values are rounded as they will be coded'),
    adamBeta1: share.default(0.9),
    adamBeta2: share.default(0.99),
    muonScale: z
      .number()
      .min(0)
      .default(0)
      .describe(
        "weight matrices go steps of Muon, so many learning rates large, in place of Adam's; 0 for none",
      ),
    muonDecay: z
      .number()
      .min(0)
      .default(0)
      .describe('share of itself that a matrix loses in such a step, in learning rates'),
    gradientClip: positive.default(1e6).describe('largest global gradient norm'),
  })
  .refine(({ presets, preset }) => preset in presets, {
    path: ['preset'],
    message: 'must be one of fit.presets',
  });

/** A whole recipe of a codec that is fitted to each signal, every default filled in. */
export const fittedRecipeSchema = z
  .strictObject({
    ...standing,
    media: z.enum(['image', 'video', 'audio']),
    representation: slot(representations).describe('the form in which a signal is held'),
    fit,
  })
  .refine(({ media, representation }) => representations[representation.type].media === media, {
    path: ['media'],
    message: "must be the representation's",
  });

export type Recipe = z.output<typeof recipeSchema>;
export type FittedRecipe = z.output<typeof fittedRecipeSchema>;
export type TrainingOptions = Recipe['training'];
