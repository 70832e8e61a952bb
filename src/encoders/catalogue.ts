import type { Encoder } from '../core/stages.ts';
import { convnextOptions } from '../nn/convnext.ts';
import { seanetOptions } from '../nn/seanet.ts';
import { convnextEncoder } from './convnext.ts';
import { seanetEncoder } from './seanet.ts';

/** Every encoder by the name recipes use. */
export const encoders = {
  convnext: {
    options: convnextOptions,
    create: (options: Parameters<typeof convnextEncoder>[0]): Encoder => convnextEncoder(options),
  },
  seanet: {
    options: seanetOptions,
    create: (options: Parameters<typeof seanetEncoder>[0]): Encoder => seanetEncoder(options),
  },
} as const;
