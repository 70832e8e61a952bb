export { type MetricName, metricNames, metrics } from './metrics/catalogue.ts';
export type { AudioMetric, CodesMetric, ImageMetric, Metric } from './metrics/metric.ts';
export { psnr, psnrLuma } from './metrics/psnr.ts';
