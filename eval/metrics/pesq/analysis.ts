import { detectSpeech } from './activity.ts';
import { aggregate } from './aggregate.ts';
import { type BadInterval, badRuns, extraDelay } from './bad-intervals.ts';
import { withoutDelays } from './delay-map.ts';
import { FrameComparison } from './frame-comparison.ts';
import { alignLevel, alignmentCopy, applyInputFilter, type InputFilter } from './input-filter.ts';
import { PaddedSignal } from './padded-signal.ts';
import { timingOf } from './timing.ts';
import { type Alignment, alignUtterances } from './utterances.ts';

/** What P.862 finds on its way to a score. */
export interface PesqAnalysis extends Alignment {
  /** Model frames first to last: those between digital silence at both ends of the reference. */
  readonly frames: { readonly first: number; readonly last: number };
  readonly silentFrames: number;
  readonly skippedFrames: number;
  readonly badIntervals: readonly BadInterval[];
  readonly symmetricDisturbance: number;
  readonly asymmetricDisturbance: number;
  /** From -1.39 to 4.5. */
  readonly rawMos: number;
}

/** So many samples in a row whose magnitudes sum to less than `EDGE_SUM` are digital silence. */
const EDGE_SAMPLES = 5;
const EDGE_SUM = 500;

/** Runs the model on two files of speech, neither all zero. Undefined where the reference has no utterance. */
export function analyse(
  referenceFile: ArrayLike<number>,
  degradedFile: ArrayLike<number>,
  sampleRateHz: 8000 | 16000,
  filter: InputFilter,
): PesqAnalysis | undefined {
  const timing = timingOf(sampleRateHz);
  const reference = PaddedSignal.of(timing, referenceFile);
  const degraded = PaddedSignal.of(timing, degradedFile);
  const longerSamples = Math.max(reference.fileSamples, degraded.fileSamples);
  for (const signal of [reference, degraded]) {
    alignLevel(signal, longerSamples);
    applyInputFilter(signal, filter);
  }
  const alignment = align(reference, degraded);
  const { utterances } = alignment;
  if (utterances.length === 0) return undefined;

  const { first, last, total } = activeFrames(reference, longerSamples);
  const comparison = new FrameComparison(reference, degraded, utterances, last + 1, total);
  const straight = withoutDelays(
    degraded,
    utterances,
    Math.max(reference.samples.length, degraded.samples.length),
  );
  const badIntervals = badRuns(comparison.disturbances).map((run) => {
    const samples = comparison.samplesOf(run);
    const extraDelaySamples = extraDelay(reference, straight, samples);
    return { ...run, extraDelaySamples };
  });
  for (const interval of badIntervals) {
    comparison.compareAgain(interval, straight, interval.extraDelaySamples);
  }
  const symmetricDisturbance = aggregate(comparison.weighted('symmetric'), first, last);
  const asymmetricDisturbance = aggregate(comparison.weighted('asymmetric'), first, last);
  return {
    ...alignment,
    frames: { first, last },
    silentFrames: comparison.silent.filter(Boolean).length,
    skippedFrames: comparison.skipped.size,
    badIntervals,
    symmetricDisturbance,
    asymmetricDisturbance,
    rawMos: 4.5 - 0.1 * symmetricDisturbance - 0.0309 * asymmetricDisturbance,
  };
}

function align(reference: PaddedSignal, degraded: PaddedSignal): Alignment {
  const pair = { reference: alignmentCopy(reference), degraded: alignmentCopy(degraded) };
  return alignUtterances({
    ...pair,
    referenceActivity: detectSpeech(pair.reference),
    degradedActivity: detectSpeech(pair.degraded),
  });
}

/** The model frames between the reference's digital silence, and how many there are in all with the 320 ms behind. */
function activeFrames(reference: PaddedSignal, longerSamples: number) {
  const { padSamples, tailSamples, modelFrameSamples } = reference.timing;
  const samples = longerSamples + tailSamples;
  const quiet = (at: number, direction: 1 | -1) => {
    let sum = 0;
    for (let i = 0; i < EDGE_SAMPLES; i++)
      sum += Math.abs(reference.samples[padSamples + at + direction * i] ?? 0);
    return sum < EDGE_SUM;
  };
  // The pads count in the half of the signal that each end may take up.
  const half = (longerSamples + 2 * padSamples) / 2;
  let start = 0;
  while (start < half && quiet(start, 1)) start++;
  let end = 0;
  while (end < half && quiet(samples - 1 - end, -1)) end++;
  const hop = modelFrameSamples / 2;
  return {
    first: Math.floor(start / hop),
    last: Math.floor((samples - end) / hop) - 1,
    total: Math.floor(samples / hop) - 1,
  };
}
