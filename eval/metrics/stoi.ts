import { octaveResample } from '../dsp/octave-resample.ts';
import { checkAligned, checkReference, checkSampleRate } from './check.ts';
import { normalisedSegments, scaledSegments } from './stoi/correlation.ts';
import { audibleFrames } from './stoi/silence.ts';
import { RATE_HZ, SEGMENT_FRAMES, thirdOctaveBands } from './stoi/third-octaves.ts';

export interface StoiOptions {
  readonly sampleRateHz: number;
}

/** What the reference gives where too little is left to compare. */
const TOO_SHORT = 1e-5;

/**
 * Short-time objective intelligibility (Taal, Hendriks, Heusdens, Jensen, IEEE TASLP 19(7), 2011): the mean correlation of
 * third-octave envelopes over 384 ms, silence left out. From about 0 to 1; higher is better. Any sample rate; compared at
 * 10 kHz. 1e-5 where less than 384 ms of sound is left.
 *
 * Throws `bad-audio` for different lengths, non-finite samples or a reference of zeros only, `bad-argument` for a sample rate
 * that is no positive whole number.
 */
export function stoi(reference: Float32Array, degraded: Float32Array, options: StoiOptions): number {
  return compare('cannot compute STOI', reference, degraded, options, scaledSegments);
}

/**
 * Extended STOI (Jensen, Taal, IEEE/ACM TASLP 24(11), 2016): correlates the spectra of each frame too, so that noise that
 * comes and goes counts. Range, units and errors as for `stoi`.
 */
export function estoi(reference: Float32Array, degraded: Float32Array, options: StoiOptions): number {
  return compare('cannot compute ESTOI', reference, degraded, options, normalisedSegments);
}

function compare(
  what: string,
  reference: Float32Array,
  degraded: Float32Array,
  { sampleRateHz }: StoiOptions,
  correlate: (reference: Float64Array[], degraded: Float64Array[]) => number,
): number {
  checkSampleRate(what, sampleRateHz);
  checkAligned(what, { reference, degraded });
  checkReference(what, reference);
  const at10kHz = (samples: Float32Array) =>
    octaveResample(Float64Array.from(samples), sampleRateHz, RATE_HZ);
  const [clean, heard] = audibleFrames(at10kHz(reference), at10kHz(degraded));
  const [cleanBands, heardBands] = [thirdOctaveBands(clean), thirdOctaveBands(heard)];
  if (cleanBands[0]!.length < SEGMENT_FRAMES) return TOO_SHORT;
  return correlate(cleanBands, heardBands);
}
