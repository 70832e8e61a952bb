import type { ImageSignal } from '../../src/index.ts';
import { checkSameSize } from './image-pair.ts';

const PEAK = 255;

/**
 * Peak signal to noise ratio over all samples of all channels of 8-bit pictures, in dB: 10 log10(255^2 / MSE). Infinite for
 * equal pictures.
 *
 * Throws `bad-image` unless both have one size and number of channels.
 */
export function psnr(reference: ImageSignal, degraded: ImageSignal): number {
  checkSameSize('cannot compute PSNR', reference, degraded);
  let squares = 0;
  for (let i = 0; i < reference.data.length; i++) squares += (reference.data[i]! - degraded.data[i]!) ** 2;
  return ofMeanSquare(squares / reference.data.length);
}

/**
 * PSNR of luma, in dB: Y = 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601-7, full range, not rounded), peak 255. Errors as for
 * `psnr`; of grey pictures the same number.
 */
export function psnrLuma(reference: ImageSignal, degraded: ImageSignal): number {
  checkSameSize('cannot compute PSNR', reference, degraded);
  if (reference.channels === 1) return psnr(reference, degraded);
  const [a, b] = [reference.data, degraded.data];
  let squares = 0;
  for (let i = 0; i < a.length; i += 3) {
    const difference =
      0.299 * (a[i]! - b[i]!) + 0.587 * (a[i + 1]! - b[i + 1]!) + 0.114 * (a[i + 2]! - b[i + 2]!);
    squares += difference * difference;
  }
  return ofMeanSquare(squares / (reference.width * reference.height));
}

function ofMeanSquare(meanSquare: number): number {
  return meanSquare === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10((PEAK * PEAK) / meanSquare);
}
