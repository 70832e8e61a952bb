import { crossCorrelation } from '../../dsp/fft.ts';
import { type Run, runs } from './activity.ts';
import type { FrameDisturbance } from './disturbance.ts';
import { type PaddedSignal, sumOfSquares } from './padded-signal.ts';

/** A stretch of model frames [from, to) heard as badly disturbed, and how much later the degraded signal may be there. */
export interface BadInterval extends Run {
  readonly extraDelaySamples: number;
}

const BAD_DISTURBANCE = 30;
/** Bad frames this close to each other form one interval. */
const SMEAR_FRAMES = 2;
const MIN_INTERVAL_FRAMES = 5;
const SEARCH_FRAMES = 4;
const MIN_CORRELATION = 0.5;

/** Stretches of frames so bad that a wrong delay is suspected (P.862, 10.2.12). One that reaches the last frame is left. */
export function badRuns(disturbances: readonly FrameDisturbance[]): Run[] {
  const bad = disturbances.map(({ symmetric }, frame) => frame > 0 && symmetric > BAD_DISTURBANCE);
  const near = bad.map((_, frame) => {
    if (frame < SMEAR_FRAMES || frame >= bad.length - 1 - SMEAR_FRAMES) return false;
    const before = bad.slice(frame - SMEAR_FRAMES, frame + 1);
    const after = bad.slice(frame, frame + SMEAR_FRAMES + 1);
    return before.includes(true) && after.includes(true);
  });
  return runs(near, true).filter(({ from, to }) => to - from >= MIN_INTERVAL_FRAMES && to < bad.length);
}

/**
 * How much later than thought the degraded signal is in `samples` of the reference, from the magnitudes of both; 0 where
 * they do not correlate. `degraded` has its delays taken out.
 */
export function extraDelay(reference: PaddedSignal, degraded: Float64Array, samples: Run): number {
  const range = SEARCH_FRAMES * reference.timing.modelFrameSamples;
  const length = samples.to - samples.from;
  const narrow = new Float64Array(length);
  for (let i = 0; i < length; i++) narrow[i] = Math.abs(reference.samples[samples.from + i]!);
  const wide = new Float64Array(length + 2 * range);
  for (let i = 0; i < wide.length; i++) {
    const at = Math.max(reference.fileStart, samples.from - range + i);
    wide[i] = Math.abs(degraded[Math.min(reference.fileEnd - 1, at)]!);
  }
  const norm = Math.sqrt(sumOfSquares(narrow) * sumOfSquares(wide));
  const correlation = crossCorrelation(narrow, wide);
  let best = 0;
  for (let lag = 0; lag <= 2 * range; lag++) {
    if (correlation[lag + length - 1]! > correlation[best + length - 1]!) best = lag;
  }
  return norm > 0 && correlation[best + length - 1]! / norm >= MIN_CORRELATION ? best - range : 0;
}
