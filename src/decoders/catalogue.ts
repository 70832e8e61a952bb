import type { Decoder } from '../core/stages.ts';
import { seanetOptions } from '../nn/seanet.ts';
import { seanetDecoder } from './seanet.ts';

/** Every decoder by the name recipes use. */
export const decoders = {
  seanet: {
    options: seanetOptions,
    create: (options: Parameters<typeof seanetDecoder>[0]): Decoder => seanetDecoder(options),
  },
} as const;
