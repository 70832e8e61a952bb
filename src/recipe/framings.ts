import { z } from 'zod';
import type { Framing } from '../codec/framing.ts';
import { segmentFraming } from '../codec/segment-framing.ts';
import { streamFraming } from '../codec/stream-framing.ts';

/** What a framing must know of the rest of a recipe. */
export interface Context {
  readonly sampleRateHz: number;
  /** Latent frames per chunk of a file. */
  readonly fileFrames: number;
}

const segmentOptions = z.strictObject({
  lengthSeconds: z.number().positive().describe('seconds of a segment'),
  overlap: z.number().min(0).max(0.5).describe('share of a segment that the next one shares with it'),
  normalize: z
    .boolean()
    .default(false)
    .describe('bring segments to the same loudness before coding; files keep the scale'),
});

/** Every way to cut a signal for a model, by the name recipes use. */
export const framings = {
  stream: {
    options: z.strictObject({}),
    create: (_: object, { fileFrames }: Context): Framing => streamFraming(fileFrames),
  },
  segments: {
    options: segmentOptions,
    create(options: z.output<typeof segmentOptions>, { sampleRateHz }: Context): Framing {
      const lengthSamples = Math.round(options.lengthSeconds * sampleRateHz);
      const strideSamples = Math.max(1, Math.floor((1 - options.overlap) * lengthSamples));
      return segmentFraming({ lengthSamples, strideSamples, normalize: options.normalize });
    },
  },
} as const;
