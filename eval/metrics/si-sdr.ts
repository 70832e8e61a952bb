import { checkAligned, checkReference } from './check.ts';

/**
 * Scale-invariant signal to distortion ratio in dB (Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019): the
 * power of the degraded signal's part along the reference over the power of the rest. No mean is removed. From -Infinity
 * (nothing of the reference) to Infinity (the reference at another level).
 *
 * Throws `bad-audio` for different lengths, non-finite samples or a reference of zeros only; of a degraded signal of zeros
 * only the ratio is -Infinity.
 */
export function siSdr(reference: Float32Array, degraded: Float32Array): number {
  const what = 'cannot compute SI-SDR';
  checkAligned(what, { reference, degraded });
  checkReference(what, reference);
  let [energy, product, degradedEnergy] = [0, 0, 0];
  for (let i = 0; i < reference.length; i++) {
    energy += reference[i]! * reference[i]!;
    product += reference[i]! * degraded[i]!;
    degradedEnergy += degraded[i]! * degraded[i]!;
  }
  if (degradedEnergy === 0) return Number.NEGATIVE_INFINITY;
  const scale = product / energy;
  let [target, rest] = [0, 0];
  for (let i = 0; i < reference.length; i++) {
    target += (scale * reference[i]!) ** 2;
    rest += (degraded[i]! - scale * reference[i]!) ** 2;
  }
  return 10 * Math.log10(target / rest);
}
