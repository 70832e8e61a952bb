import type { Run } from './activity.ts';
import { type AlignmentPair, type Delay, envelopeDelay, FineDelay } from './delay.ts';
import { PAD_FRAMES } from './timing.ts';
import { MAX_UTTERANCES, type Utterance } from './utterance.ts';

const MIN_SPLIT_FRAMES = 200;
const MAX_BREAKPOINTS = 40;
/** Breakpoints lie a multiple of this many frames apart. */
const STEP_FRAMES = 4;

/**
 * Cuts utterances in which the delay changes (P.862, 10.1.3.3): each is tried at up to 40 points; it is cut at the best of
 * those where both sides are surer of their delays than the whole is, and these differ.
 */
export function splitUtterances(pair: AlignmentPair, utterances: readonly Utterance[]): Utterance[] {
  const pieces = [...utterances];
  for (let i = 0; i < pieces.length && pieces.length < MAX_UTTERANCES; ) {
    const halves = bestSplit(pair, pieces[i]!);
    if (halves) pieces.splice(i, 1, ...halves);
    else i++;
  }
  return pieces;
}

function bestSplit(pair: AlignmentPair, whole: Utterance): [Utterance, Utterance] | undefined {
  const fine = new FineDelay(pair);
  const { frameSamples } = pair.reference.timing;
  let best: { at: number; first: Delay; second: Delay } | undefined;
  for (const at of breakpoints(whole)) {
    const first = align(pair, fine, { from: whole.start, to: at }, whole.envelopeDelaySamples, 'forward');
    const second = align(pair, fine, { from: at, to: whole.end }, whole.envelopeDelaySamples, 'backward');
    if (Math.abs(first.delaySamples - second.delaySamples) < frameSamples) continue;
    if (first.confidence <= whole.confidence || second.confidence <= whole.confidence) continue;
    const sure = first.confidence + second.confidence;
    if (!best || sure > best.first.confidence + best.second.confidence) best = { at, first, second };
  }
  if (!best) return undefined;
  const { at, first, second } = best;
  // A growing delay means that part of the degraded signal answers to both sides.
  const growth = second.delaySamples - first.delaySamples;
  const overlap = growth > 0 ? Math.floor(growth / (2 * frameSamples)) : 0;
  return [
    {
      ...first,
      start: whole.start,
      end: at + overlap,
      speech: { from: whole.speech.from, to: at + overlap },
    },
    { ...second, start: at - overlap, end: whole.end, speech: { from: at - overlap, to: whole.speech.to } },
  ];
}

function breakpoints({ speech }: Utterance): number[] {
  const length = speech.to - speech.from;
  if (length < MIN_SPLIT_FRAMES) return [];
  const pad = Math.max(PAD_FRAMES, Math.floor(length / 10));
  const stepUnit = STEP_FRAMES * MAX_BREAKPOINTS;
  const step = STEP_FRAMES * Math.floor((0.801 * length + stepUnit - 1) / stepUnit);
  const points: number[] = [];
  for (let at = speech.from + pad; at <= speech.to - pad && points.length < MAX_BREAKPOINTS; at += step) {
    points.push(at);
  }
  return points;
}

/** The delay of one side of a cut. Frames are laid from the utterance's outer end towards the cut. */
function align(
  pair: AlignmentPair,
  fine: FineDelay,
  side: Run,
  expectedSamples: number,
  direction: 'forward' | 'backward',
): Delay {
  const expected = envelopeDelay(pair, side, expectedSamples);
  return fine.at(sideStarts(pair, fine, side, expected, direction), expected);
}

function* sideStarts(
  pair: AlignmentPair,
  fine: FineDelay,
  { from, to }: Run,
  delaySamples: number,
  direction: 'forward' | 'backward',
) {
  const { frameSamples, padSamples } = pair.reference.timing;
  const degradedEnd = pair.degraded.fileEnd + padSamples;
  const first = Math.max(from * frameSamples, -delaySamples);
  const last = Math.min(to * frameSamples, degradedEnd - delaySamples) - fine.frameSamples;
  const { hopSamples } = fine;
  if (direction === 'forward') for (let start = first; start <= last; start += hopSamples) yield start;
  else for (let start = last; start >= first; start -= hopSamples) yield start;
}
