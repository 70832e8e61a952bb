import type { z } from 'zod';
import type { Media, Representation } from '../fitting/representation.ts';
import { bitPlaneAudio, bitPlaneImage } from './bit-planes.ts';
import { coordinateImage } from './coordinate-image.ts';
import { frameNetwork } from './frame-network.ts';
import { latentAudio } from './latent-audio.ts';
import { latentImage } from './latent-image.ts';

export interface RepresentationEntry {
  readonly media: Media;
  readonly options: z.ZodObject;
  /** Options that matter to the encoder only: files say what came of them. */
  readonly encoderOptions?: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: options are typed by the entry's own schema
  create(options: any): Representation<Media>;
}

/** Every form in which a signal can be fitted, by the `type` that recipes name. */
export const representations = {
  'latent-image': latentImage,
  'latent-audio': latentAudio,
  'coordinate-image': coordinateImage,
  'frame-network': frameNetwork,
  'bit-plane-image': bitPlaneImage,
  'bit-plane-audio': bitPlaneAudio,
} as const satisfies Record<string, RepresentationEntry>;

export type RepresentationName = keyof typeof representations;
