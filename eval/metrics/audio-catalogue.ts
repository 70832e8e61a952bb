import type { AudioMetric } from './metric.ts';

/** Metrics of sound, by name. */
export const audioMetrics = {} as const satisfies Record<string, AudioMetric>;
