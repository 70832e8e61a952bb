import type { Quantizer } from '../core/stages.ts';
import { rvq, rvqOptions } from './rvq.ts';

/** Every quantizer by the name recipes use. */
export const quantizers = {
  rvq: {
    options: rvqOptions,
    create: (options: Parameters<typeof rvq>[0]): Quantizer => rvq(options),
  },
} as const;
