import { FRAME_SAMPLES, frameStarts, HOP_SAMPLES, window } from './third-octaves.ts';

/** Frames this far below the loudest of the reference are silent. */
const DYNAMIC_RANGE_DB = 40;

/** Both signals without the frames in which the reference is silent: the others, windowed, overlapped and added. */
export function audibleFrames(reference: Float64Array, degraded: Float64Array): [Float64Array, Float64Array] {
  const starts = frameStarts(reference.length);
  const energies = starts.map((start) => {
    let energy = 0;
    for (let i = 0; i < FRAME_SAMPLES; i++) energy += (reference[start + i]! * window[i]!) ** 2;
    return energy;
  });
  const loudest = energies.reduce((max, energy) => Math.max(max, energy), 0);
  const kept = starts.filter((_, frame) => energies[frame]! > loudest * 10 ** (-DYNAMIC_RANGE_DB / 10));
  return [overlapAdd(reference, kept), overlapAdd(degraded, kept)];
}

function overlapAdd(samples: Float64Array, starts: readonly number[]): Float64Array {
  const out = new Float64Array(starts.length > 0 ? (starts.length - 1) * HOP_SAMPLES + FRAME_SAMPLES : 0);
  for (const [frame, start] of starts.entries()) {
    for (let i = 0; i < FRAME_SAMPLES; i++) out[frame * HOP_SAMPLES + i]! += samples[start + i]! * window[i]!;
  }
  return out;
}
