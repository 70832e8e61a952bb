import type { Vocoder } from '../core/stages.ts';
import { griffinLimOptions, griffinLimVocoder } from './griffin-lim.ts';

/** Every way from frames of features back to a signal, by the name recipes use. */
export const vocoders = {
  'griffin-lim': {
    options: griffinLimOptions,
    create: (options: Parameters<typeof griffinLimVocoder>[0]): Vocoder => griffinLimVocoder(options),
  },
} as const;
