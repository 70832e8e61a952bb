import type { PaddedSignal } from './padded-signal.ts';
import type { Utterance } from './utterance.ts';

/** Delay of the degraded signal at a sample of the padded reference. */
export function delayAt(utterances: readonly Utterance[], sample: number, frameSamples: number): number {
  let delay = utterances[0]!.delaySamples;
  for (const { start, delaySamples } of utterances) {
    if (start * frameSamples > sample) break;
    delay = delaySamples;
  }
  return delay;
}

/** The degraded signal with its delays taken out: sample by sample beside the reference, ends held. */
export function withoutDelays(
  degraded: PaddedSignal,
  utterances: readonly Utterance[],
  lengthSamples: number,
): Float64Array {
  const { frameSamples } = degraded.timing;
  const out = new Float64Array(lengthSamples);
  for (let u = 0; u < utterances.length; u++) {
    const from = u === 0 ? 0 : utterances[u]!.start * frameSamples;
    const to = u === utterances.length - 1 ? lengthSamples : utterances[u + 1]!.start * frameSamples;
    const { delaySamples } = utterances[u]!;
    for (let i = from; i < Math.min(to, lengthSamples); i++) {
      const at = Math.min(degraded.fileEnd - 1, Math.max(degraded.fileStart, i + delaySamples));
      out[i] = degraded.samples[at]!;
    }
  }
  return out;
}

/**
 * Model frames that are left out because the delay drops by more than half a frame there: what the listener missed does not
 * disturb (P.862, 10.2.11).
 */
export function framesAroundDrops(utterances: readonly Utterance[], degraded: PaddedSignal): Set<number> {
  const { frameSamples, modelFrameSamples, padSamples } = degraded.timing;
  const hop = modelFrameSamples / 2;
  const skipped = new Set<number>();
  for (let u = 1; u < utterances.length; u++) {
    const [before, after] = [utterances[u - 1]!, utterances[u]!];
    const drop = before.delaySamples - after.delaySamples;
    if (drop <= hop) continue;
    const place = (frame: number, delay: number) => frame * frameSamples - padSamples + delay;
    const heardTo = place(before.end, before.delaySamples);
    const heardFrom = place(after.start, after.delaySamples);
    const first = Math.max(0, Math.floor(Math.min(heardTo, heardFrom) / hop));
    const last = Math.floor(place(after.start, drop) / hop) + 1;
    for (let frame = first; frame <= last; frame++) skipped.add(frame);
  }
  return skipped;
}
