import { encodeLevels } from '../entropy/levels.ts';

/**
 * Rate-distortion-optimised quantization (Wiedemann et al., "DeepCABAC", arXiv:1907.11900, III-C): of the level nearest to a
 * value and the next one towards 0, the one with the least squared error in steps plus `lambda` times the bits that the
 * coder's contexts say it takes; coded at once, so that the next value meets the contexts it will have.
 * @returns the coded levels and the values they stand for
 */
export function quantize(
  values: Float32Array,
  rowLength: number,
  { step, lambda }: { readonly step: number; readonly lambda: number },
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly values: Float32Array<ArrayBuffer> } {
  const quantized = new Float32Array(values.length);
  const { bytes } = encodeLevels(values.length, rowLength, (i, bitsOf) => {
    const exact = values[i]! / step;
    const nearest = Math.round(exact);
    let level = nearest === 0 ? 0 : nearest;
    if (nearest !== 0 && lambda > 0) {
      // Smaller magnitudes only: they are the ones that may be cheaper.
      const cost = (candidate: number) => (exact - candidate) ** 2 + lambda * bitsOf(candidate);
      const smaller = nearest - Math.sign(nearest);
      if (cost(smaller) < cost(nearest)) level = smaller;
    }
    quantized[i] = level * step;
    return level;
  });
  return { bytes, values: quantized };
}
