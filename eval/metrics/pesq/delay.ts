import {
  crossCorrelation,
  crossSpectrum,
  inverseRealFft,
  periodicHann,
  realFft,
  type Spectrum,
} from '../../dsp/fft.ts';
import type { Activity, Run } from './activity.ts';
import type { PaddedSignal } from './padded-signal.ts';
import { rateTables } from './tables.ts';

/** The two signals as time alignment sees them. Delays are in samples, positive where the degraded signal is late. */
export interface AlignmentPair {
  readonly reference: PaddedSignal;
  readonly degraded: PaddedSignal;
  readonly referenceActivity: Activity;
  readonly degradedActivity: Activity;
}

/** A delay, and the share of the evidence that speaks for it, from 0 to 1. */
export interface Delay {
  readonly delaySamples: number;
  readonly confidence: number;
  /** What the envelopes said before. */
  readonly envelopeDelaySamples: number;
}

/**
 * Delay to the nearest 4 ms from the log energies (P.862, 10.1.3.1): that of the reference's frames [from, to) against the
 * same frames of the degraded signal, moved by `expectedSamples`. 0 more where nothing correlates.
 */
export function envelopeDelay(pair: AlignmentPair, { from, to }: Run, expectedSamples: number): number {
  const { frameSamples } = pair.reference.timing;
  const shift = Math.trunc(expectedSamples / frameSamples);
  const start = Math.max(from, -shift);
  const reference = pair.referenceActivity.logEnergy.subarray(start, Math.max(start, to));
  const degraded = pair.degradedActivity.logEnergy.subarray(start + shift, Math.max(start, to) + shift);
  if (reference.length === 0 || degraded.length === 0) return expectedSamples;
  return envelopeLag(reference, degraded) * frameSamples + expectedSamples;
}

/** Delay of the whole file, to the nearest 4 ms. */
export function wholeDelay(pair: AlignmentPair): number {
  const { frameSamples } = pair.reference.timing;
  return envelopeLag(pair.referenceActivity.logEnergy, pair.degradedActivity.logEnergy) * frameSamples;
}

function envelopeLag(reference: Float64Array, degraded: Float64Array): number {
  const correlation = crossCorrelation(reference, degraded);
  let best = reference.length - 1;
  let max = 0;
  for (let i = 0; i < correlation.length; i++) {
    if (correlation[i]! > max) {
      max = correlation[i]!;
      best = i;
    }
  }
  return best - (reference.length - 1);
}

/** Lags that a frame votes for, and the weight of its vote. */
interface Votes {
  readonly lags: readonly number[];
  readonly weight: number;
}

/** A lag counts where the correlation reaches this part of its maximum. */
const NEAR_MAXIMUM = 0.99;
const VOTE_EXPONENT = 0.125;

/**
 * Delay to the sample (P.862, 10.1.3.2): 64 ms frames vote, with a small power of their correlation's maximum, for the lags
 * that come near it; the smoothed histogram's peak wins. Remembers what frames voted, because utterance splitting asks for
 * the same frames again and again.
 */
export class FineDelay {
  private readonly pair: AlignmentPair;
  readonly frameSamples: number;
  private readonly window: Float64Array;
  private readonly votes = new Map<number, Votes>();
  private readonly spectra = new Map<number, Spectrum>();

  constructor(pair: AlignmentPair) {
    this.pair = pair;
    this.frameSamples = rateTables[pair.reference.timing.sampleRateHz].alignmentFftLength;
    this.window = periodicHann(this.frameSamples);
  }

  get hopSamples(): number {
    return this.frameSamples / 4;
  }

  /** Frames at `starts` of the reference against the degraded signal moved by `expectedSamples`. */
  at(starts: Iterable<number>, expectedSamples: number): Delay {
    const n = this.frameSamples;
    const histogram = new Float64Array(n);
    let total = 0;
    for (const start of starts) {
      const { lags, weight } = this.vote(start, start + expectedSamples);
      for (const lag of lags) histogram[lag]! += weight;
      total += weight * lags.length;
    }
    const { lag, height } = smoothedPeak(histogram, n / 64);
    return {
      delaySamples: expectedSamples + (lag >= n / 2 ? lag - n : lag),
      confidence: total > 0 ? height / total : 0,
      envelopeDelaySamples: expectedSamples,
    };
  }

  private vote(referenceStart: number, degradedStart: number): Votes {
    const key = referenceStart * 2 ** 26 + degradedStart;
    let votes = this.votes.get(key);
    if (!votes) {
      votes = this.correlate(referenceStart, degradedStart);
      this.votes.set(key, votes);
    }
    return votes;
  }

  private correlate(referenceStart: number, degradedStart: number): Votes {
    let reference = this.spectra.get(referenceStart);
    if (!reference) {
      reference = this.spectrum(this.pair.reference.samples, referenceStart);
      this.spectra.set(referenceStart, reference);
    }
    const degraded = this.spectrum(this.pair.degraded.samples, degradedStart);
    const correlation = inverseRealFft(crossSpectrum(reference, degraded));
    let max = 0;
    for (let i = 0; i < correlation.length; i++) {
      correlation[i] = Math.abs(correlation[i]!);
      if (correlation[i]! > max) max = correlation[i]!;
    }
    const near = NEAR_MAXIMUM * max;
    const lags: number[] = [];
    for (let i = 0; i < correlation.length; i++) if (correlation[i]! > near) lags.push(i);
    return { lags, weight: near ** VOTE_EXPONENT };
  }

  private spectrum(samples: Float64Array, start: number): Spectrum {
    const frame = new Float64Array(this.frameSamples);
    for (let i = 0; i < frame.length; i++) frame[i] = samples[start + i]! * this.window[i]!;
    return realFft(frame);
  }
}

/** The highest point of a circular histogram after smoothing with a triangle that falls to zero at +-`halfWidth`. */
function smoothedPeak(histogram: Float64Array, halfWidth: number): { lag: number; height: number } {
  const n = histogram.length;
  const smooth = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    if (histogram[i] === 0) continue;
    for (let d = 1 - halfWidth; d < halfWidth; d++) {
      smooth[(i + d + n) % n]! += histogram[i]! * (1 - Math.abs(d) / halfWidth);
    }
  }
  let lag = 0;
  for (let i = 1; i < n; i++) if (smooth[i]! > smooth[lag]!) lag = i;
  return { lag, height: smooth[lag]! };
}
