import { z } from 'zod';
import { latentOptions } from '../../fitting/latents/options.ts';

export const options = z.strictObject({
  ...latentOptions,
  levels: z
    .int()
    .min(2)
    .max(9)
    .default(7)
    .describe(
      'grids of latents, each half as large as the one before; the first has the size of the picture',
    ),
  width: z.int().min(2).max(256).default(32).describe('hidden units of the synthesis'),
  tile: z.literal([64, 128, 256, 512]).default(256).describe('pixels of a side of what is computed at once'),
});

export type LatentImageOptions = z.output<typeof options>;
