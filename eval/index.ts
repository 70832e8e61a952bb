export { type MetricName, metricNames, metrics } from './metrics/catalogue.ts';
export type { AudioMetric, CodesMetric, ImageMetric, Metric } from './metrics/metric.ts';
export { psnr, psnrLuma } from './metrics/psnr.ts';
export { msSsim, ssim } from './metrics/ssim.ts';
export { type BjontegaardOptions, bdMetric, bdRate, type RatePoint } from './statistics/bjontegaard.ts';
export { bootstrapMean, type MeanInterval } from './statistics/bootstrap.ts';
