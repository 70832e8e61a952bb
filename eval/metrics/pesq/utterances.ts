import { type Run, runs } from './activity.ts';
import { type AlignmentPair, type Delay, envelopeDelay, FineDelay, wholeDelay } from './delay.ts';
import { splitUtterances } from './split.ts';
import { PAD_FRAMES } from './timing.ts';
import { MAX_UTTERANCES, type Utterance } from './utterance.ts';

export interface Alignment {
  readonly wholeDelaySamples: number;
  readonly utterances: readonly Utterance[];
}

const MIN_UTTERANCE_FRAMES = 50;

/** Cuts the reference into utterances and finds the delay of each (P.862, 10.1.3). Empty where there is no speech. */
export function alignUtterances(pair: AlignmentPair): Alignment {
  const wholeDelaySamples = wholeDelay(pair);
  const found = speechRuns(pair, wholeDelaySamples).slice(0, MAX_UTTERANCES);
  const delayed = found.map((speech) => {
    const fine = new FineDelay(pair);
    const window = searchWindow(pair, speech);
    const expected = envelopeDelay(pair, window, wholeDelaySamples);
    return { speech, ...fine.at(frameStarts(pair, fine, window, expected), expected) };
  });
  const utterances = splitUtterances(pair, bound(pair, delayed));
  return { wholeDelaySamples, utterances };
}

/** Runs of speech long enough, of which enough lies within the degraded file. */
function speechRuns(pair: AlignmentPair, delaySamples: number): Run[] {
  const { frameSamples } = pair.reference.timing;
  const delay = Math.trunc(delaySamples / frameSamples);
  const first = MIN_UTTERANCE_FRAMES - delay;
  const last = pair.degraded.frames - delay - MIN_UTTERANCE_FRAMES;
  return runs(pair.referenceActivity.speech, true).filter(
    ({ from, to }) => to - from >= MIN_UTTERANCE_FRAMES && from < last && to > first,
  );
}

/** The speech and the pauses around it. */
function searchWindow(pair: AlignmentPair, { from, to }: Run): Run {
  return { from: Math.max(0, from - PAD_FRAMES), to: Math.min(pair.reference.frames, to + PAD_FRAMES) };
}

/** Starts of the alignment frames that lie within `window` and, moved by the delay, within the degraded signal. */
function* frameStarts(pair: AlignmentPair, fine: FineDelay, window: Run, delaySamples: number) {
  const { frameSamples, padSamples } = pair.reference.timing;
  const degradedEnd = pair.degraded.fileEnd + padSamples;
  let start = Math.max(window.from * frameSamples, -delaySamples);
  for (; start + fine.frameSamples <= window.to * frameSamples; start += fine.hopSamples) {
    if (start + delaySamples + fine.frameSamples > degradedEnd) return;
    yield start;
  }
}

/**
 * Gives every frame to an utterance: bounds lie in the middle of the pauses, within both files. Where the delay drops, both
 * sides draw back so that no part of the degraded signal is heard twice.
 */
function bound(pair: AlignmentPair, found: readonly (Delay & { speech: Run })[]): Utterance[] {
  const { frameSamples } = pair.reference.timing;
  const bounds = found.map(({ speech }, i) => ({
    start: i === 0 ? PAD_FRAMES : middle(found[i - 1]!.speech.to, speech.from),
    end:
      i === found.length - 1
        ? pair.reference.frames - PAD_FRAMES
        : middle(speech.to, found[i + 1]!.speech.from),
  }));
  const first = bounds[0];
  const last = bounds.at(-1);
  if (!first || !last) return [];
  const firstDelay = found[0]!.delaySamples;
  if (first.start * frameSamples + firstDelay < pair.degraded.fileStart) {
    first.start = PAD_FRAMES + Math.ceil(-firstDelay / frameSamples);
  }
  const lastDelay = found.at(-1)!.delaySamples;
  if (last.end * frameSamples + lastDelay > pair.degraded.fileEnd) {
    last.end = Math.floor((pair.degraded.fileEnd - lastDelay) / frameSamples);
  }
  for (let i = 1; i < bounds.length; i++) {
    const [before, after] = [bounds[i - 1]!, bounds[i]!];
    const [delayBefore, delayAfter] = [found[i - 1]!.delaySamples, found[i]!.delaySamples];
    const heardTo = before.end * frameSamples + delayBefore;
    const heardFrom = after.start * frameSamples + delayAfter;
    if (heardFrom >= heardTo) continue;
    const meeting = Math.floor((heardFrom + heardTo) / 2);
    before.end = Math.floor((meeting - delayBefore) / frameSamples);
    after.start = Math.ceil((meeting - delayAfter) / frameSamples);
  }
  return found.map((utterance, i) => ({ ...utterance, ...bounds[i]! }));
}

function middle(a: number, b: number): number {
  return Math.floor((a + b) / 2);
}
