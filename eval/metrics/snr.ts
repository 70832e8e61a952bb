import { checkAligned, checkReference } from './check.ts';

/**
 * Signal to noise ratio in dB: the reference's power over that of the difference; the level counts. From -Infinity to
 * Infinity (equal signals); 0 dB for silence instead of the reference.
 *
 * Throws `bad-audio` for different lengths, non-finite samples or a reference of zeros only.
 */
export function snr(reference: Float32Array, degraded: Float32Array): number {
  const what = 'cannot compute SNR';
  checkAligned(what, { reference, degraded });
  checkReference(what, reference);
  let [signal, noise] = [0, 0];
  for (let i = 0; i < reference.length; i++) {
    signal += reference[i]! ** 2;
    noise += (degraded[i]! - reference[i]!) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}
