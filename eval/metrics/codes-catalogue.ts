import type { CodesMetric } from './metric.ts';

/** Statistics of codes, by name. */
export const codesMetrics = {} as const satisfies Record<string, CodesMetric>;
