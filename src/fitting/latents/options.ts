import { z } from 'zod';
import { MAX_CONTEXTS } from './context-shape.ts';

/** Options of every representation that codes latents under a context model. */
export const latentOptions = {
  contexts: z
    .int()
    .min(1)
    .max(MAX_CONTEXTS)
    .default(16)
    .describe('latents before a latent, of its own grid, that its distribution depends on'),
  contextWidth: z.int().min(2).max(16).default(16).describe('units in the hidden layers of a context model'),
  weights: z
    .string()
    .optional()
    .describe(
      'networks that fits start from and that decoders know: a name of codec weights list, or a path',
    ),
};
