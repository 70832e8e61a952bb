import type { Codes, ImageSignal } from '../../src/index.ts';

/** What every metric tells about itself. */
interface MetricFacts {
  /** One line for help texts. */
  readonly about: string;
  /** `MOS-LQO`, `dB`, `tokens/s`; empty for pure numbers. */
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** Smallest and largest value; may be infinite. */
  readonly range: readonly [number, number];
  /** Standard or paper. */
  readonly source: string;
}

/** A distance or quality of one channel of sound. */
export interface AudioMetric extends MetricFacts {
  readonly media: 'audio';
  /**
   * Rates the standard defines it at, ascending. Both signals are brought to the highest that the reference's own rate
   * reaches; a reference below the lowest is refused. Absent: any; the degraded signal is brought to the reference's.
   */
  readonly sampleRatesHz?: readonly number[];
  /** `aligns`: finds delays itself and takes any lengths. `equal`: needs aligned signals of one length. */
  readonly lengths: 'aligns' | 'equal';
  /** Several channels: `mix` them to one first, or take the `mean` over channels. */
  readonly channels: 'mix' | 'mean';
  compute(reference: Float32Array, degraded: Float32Array, sampleRateHz: number): number;
}

/** A distance or quality of two pictures of one size; of video, the mean over frames. */
export interface ImageMetric extends MetricFacts {
  readonly media: 'image';
  compute(reference: ImageSignal, degraded: ImageSignal): number;
}

/** A statistic of what a quantizer made. */
export interface CodesMetric extends MetricFacts {
  readonly media: 'codes';
  compute(codes: Codes, context: { readonly durationSeconds: number }): number;
}

export type Metric = AudioMetric | ImageMetric | CodesMetric;
