import { z } from 'zod';
import { latentOptions } from '../../fitting/latents/options.ts';

const synthesisOptions = {
  ...latentOptions,
  hopMilliseconds: z
    .number()
    .min(2)
    .max(100)
    .default(16)
    .describe('from one frame of the transform to the next; a frame is twice as long'),
  width: z.int().min(2).max(64).default(8).describe('hidden units of the synthesis'),
  tileFrames: z.literal([64, 128, 256]).default(128).describe('frames that are computed at once'),
};

/** How errors sound, which matters to the encoder only. */
const loudnessOptions = {
  maskingExponent: z
    .number()
    .min(0)
    .max(1)
    .default(0.7)
    .describe('how errors may grow with the sound around them: their power with its power to this'),
  bandwidthExponent: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('the same for the width of critical bands, by amplitude'),
  energyWeight: z
    .number()
    .min(0)
    .default(0.5)
    .describe("what a band's wrong loudness counts beside the error of its coefficients"),
};

export const options = z.strictObject({ ...synthesisOptions, ...loudnessOptions });
export const encoderOptions = Object.keys(loudnessOptions);

const synthesis = z.object(synthesisOptions);
const loudness = z.object(loudnessOptions);
export type LatentAudioOptions = z.output<typeof synthesis>;
/** What an encoder takes for how errors sound. */
export type Loudness = z.output<typeof loudness>;
