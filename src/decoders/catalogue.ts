import type { Decoder } from '../core/stages.ts';
import { seanetOptions } from '../nn/seanet.ts';
import { convnextDecoder, convnextDecoderOptions } from './convnext.ts';
import { seanetDecoder } from './seanet.ts';

/** Every decoder by the name recipes use. */
export const decoders = {
  convnext: {
    options: convnextDecoderOptions,
    create: (options: Parameters<typeof convnextDecoder>[0]): Decoder => convnextDecoder(options),
  },
  seanet: {
    options: seanetOptions,
    create: (options: Parameters<typeof seanetDecoder>[0]): Decoder => seanetDecoder(options),
  },
} as const;
