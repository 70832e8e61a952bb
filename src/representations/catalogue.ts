import type { z } from 'zod';
import type { Media, Representation } from '../fitting/representation.ts';
import { latentImage } from './latent-image.ts';

interface Entry {
  readonly media: Media;
  readonly options: z.ZodObject;
  // biome-ignore lint/suspicious/noExplicitAny: options are typed by the entry's own schema
  create(options: any): Representation<Media>;
}

/** Every form in which a signal can be fitted, by the `type` that recipes name. */
export const representations = {
  'latent-image': latentImage,
} as const satisfies Record<string, Entry>;

export type RepresentationName = keyof typeof representations;
