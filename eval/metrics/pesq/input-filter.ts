import { applyBiquads, applyGainCurve, fadeEnds, type PaddedSignal, sumOfSquares } from './padded-signal.ts';
import { handsetCurve, levelCurve, rateTables } from './tables.ts';

/** Mean power both signals are brought to, in the band of the level curve (P.862, 10.1.1). */
const TARGET_POWER = 1e7;
const WIDEBAND_FADE_SAMPLES = 16;

/** What a mode puts before the model. */
export type InputFilter = { readonly kind: 'handset' } | { readonly kind: 'wideband'; readonly gain: number };

/**
 * Brings a signal to the listening level. Its power is that of the 350 to 3250 Hz band, averaged over the longer of the two
 * files (`longerFileSamples`) plus 320 ms.
 */
export function alignLevel(signal: PaddedSignal, longerFileSamples: number): void {
  const band = signal.copy();
  applyGainCurve(band, levelCurve);
  const power = sumOfSquares(band.filtered) / (longerFileSamples + signal.timing.tailSamples);
  signal.scale(Math.sqrt(TARGET_POWER / power));
}

/** The telephone handset of P.862 or the high-pass of P.862.2, in place. */
export function applyInputFilter(signal: PaddedSignal, filter: InputFilter): void {
  if (filter.kind === 'handset') {
    applyGainCurve(signal, handsetCurve);
    return;
  }
  const { samples, fileStart, fileEnd, timing } = signal;
  // One sample outside the file at both ends, so that the ramp's zero falls on silence.
  fadeEnds(samples, fileStart - 1, fileEnd + 1, WIDEBAND_FADE_SAMPLES, 0);
  const [b0, b1, b2, a1, a2] = rateTables[timing.sampleRateHz].widebandInputFilter;
  const { gain } = filter;
  applyBiquads(samples.subarray(fileStart, fileEnd), [[gain * b0, gain * b1, gain * b2, a1, a2]]);
}

/** A copy that brings out what time alignment listens to: no constant part, ends faded, speech band emphasised. */
export function alignmentCopy(signal: PaddedSignal): PaddedSignal {
  const copy = signal.copy();
  const { samples, fileStart, fileEnd, fileSamples, timing } = copy;
  const file = samples.subarray(fileStart, fileEnd);
  let sum = 0;
  for (let i = 0; i < file.length; i++) sum += file[i]!;
  // The pads count, as if they were part of what is averaged.
  const constant = sum / (fileSamples + 2 * timing.padSamples);
  for (let i = 0; i < file.length; i++) file[i]! -= constant;
  fadeEnds(samples, fileStart, fileEnd, timing.frameSamples, 0.5);
  applyBiquads(samples, rateTables[timing.sampleRateHz].alignmentFilter);
  return copy;
}
