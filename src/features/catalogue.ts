import type { Features } from '../core/stages.ts';
import { logMel, logMelOptions } from './log-mel.ts';

/** Everything encoders can work on besides the signal itself, by the name recipes use. */
export const features = {
  'log-mel': {
    options: logMelOptions,
    create: (options: Parameters<typeof logMel>[0]): Features => logMel(options),
  },
} as const;
