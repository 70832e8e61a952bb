import type { Encoder } from '../core/stages.ts';
import { seanetOptions } from '../nn/seanet.ts';
import { seanetEncoder } from './seanet.ts';

/** Every encoder by the name recipes use. */
export const encoders = {
  seanet: {
    options: seanetOptions,
    create: (options: Parameters<typeof seanetEncoder>[0]): Encoder => seanetEncoder(options),
  },
} as const;
