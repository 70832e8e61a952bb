import { z } from 'zod';

const count = z.int().positive();
const positive = z.number().positive();
const share = z.number().min(0).max(1).default(0);

const losses = z
  .strictObject({
    waveform: z.number().min(0).default(0.3).describe('weight of the L1 distance of samples'),
    features: z
      .number()
      .min(0)
      .default(1)
      .describe('weight of the L1 distance of features, where there are any'),
    loudness: z
      .number()
      .min(0)
      .default(0)
      .describe('how much more the error of a feature counts per unit of its size; 0: all alike'),
    mel: z.number().min(0).default(1).describe('weight of the multi-scale log-mel L1 distance'),
    spectrum: z.number().min(0).default(0.03).describe('weight of the multi-scale magnitude L1 distance'),
    commitment: z.number().min(0).default(0.25).describe('weight of the pull of latents towards their codes'),
    windows: z.array(count).default([2048, 512, 128]).describe('STFT windows in samples; hops are a quarter'),
    melBands: z.array(count).default([80, 40, 16]).describe('mel bands for each window'),
  })
  .refine(({ windows, melBands }) => windows.length === melBands.length, {
    path: ['melBands'],
    message: 'there must be as many as windows',
  });

const augment = z.strictObject({
  gainDb: z
    .number()
    .min(0)
    .default(6)
    .describe('random gain up to so much either way, as far as it does not clip'),
  mixShare: share.describe('share of segments with another one added'),
  mixDb: z.number().min(0).default(20).describe('the other is softer by up to so much'),
  speedShare: share.describe('share of segments played faster or slower, their pitch with them'),
  speed: z.number().min(1).max(2).default(1.1).describe('how many times faster, or slower, at most'),
  bandShare: share.describe('share of segments without what lies above a random frequency'),
  bandHz: positive.default(3000).describe('the lowest such frequency'),
});

const balancer = z.strictObject({
  decay: z.number().min(0).lt(1).default(0.999).describe("of the running mean of each gradient's norm"),
  norm: positive.default(1).describe('of the gradient that the losses together have'),
});

const adversary = z.strictObject({
  windows: z.array(count).min(1).default([1024, 512, 256]).describe('STFT windows in samples'),
  filters: count.default(8).describe('channels of its layers'),
  weight: positive.default(3).describe('weight of the loss of being found out'),
  matching: positive.default(3).describe('weight of the distance of what its layers see'),
});

/** `training` in a recipe. */
export const training = z.strictObject({
  segmentFrames: count.default(80).describe('latent frames per training segment'),
  batch: count.default(4),
  learningRate: positive.default(1.2e-3),
  warmupSteps: z.int().min(0).default(300),
  adamBeta1: z.number().min(0).max(1).default(0.8),
  adamBeta2: z.number().min(0).max(1).default(0.99),
  gradientClip: positive.default(1).describe('largest global gradient norm'),
  averageDecay: z
    .number()
    .min(0)
    .lt(1)
    .default(0.999)
    .describe('decay of the running average of the weights, which is what ships; 0: none'),
  codebookDecay: z.number().min(0).max(1).default(0.99).describe('decay of the codebook averages'),
  deadCodeShare: z
    .number()
    .min(0)
    .default(0.1)
    .describe('a vector used less than this share of the mean use is replaced'),
  unquantizedSteps: z
    .int()
    .min(0)
    .default(300)
    .describe('steps before the codebooks come in, to settle the latents'),
  bypassShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe('share of segments whose latents skip the quantizer'),
  validationShare: z.number().min(0).max(0.5).default(0.04).describe('share of speakers kept for validation'),
  augment: augment.prefault({}).describe('changes made at random to the segments trained on'),
  losses: losses.prefault({}),
  balancer: balancer
    .optional()
    .describe("weights of losses are shares of the gradient at the decoder's output; {} for its defaults"),
  adversary: adversary
    .optional()
    .describe('a discriminator of STFTs learns by turns with a codec of signals; {} for its defaults'),
});
