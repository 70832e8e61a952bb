import { audioMetrics } from './audio-catalogue.ts';
import { codesMetrics } from './codes-catalogue.ts';
import { imageMetrics } from './image-catalogue.ts';
import type { Metric } from './metric.ts';

/** Every metric by the name the command line, rows and reports use. */
export const metrics = { ...audioMetrics, ...imageMetrics, ...codesMetrics } as const satisfies Record<
  string,
  Metric
>;

export type MetricName = keyof typeof metrics;

export const metricNames = Object.keys(metrics) as MetricName[];
