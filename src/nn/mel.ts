/**
 * Triangular mel filters (O'Shaughnessy's mel scale, 2595 log10(1 + f/700)), each of unit sum so that a band is a mean of
 * its bins' magnitudes. A band narrower than a bin takes the nearest bin. Gives [bins, bands], bins = window / 2 + 1.
 */
export function melFilters(sampleRateHz: number, window: number, bands: number): Float32Array<ArrayBuffer> {
  const bins = window / 2 + 1;
  const toMel = (hz: number) => 2595 * Math.log10(1 + hz / 700);
  const toHz = (mel: number) => 700 * (10 ** (mel / 2595) - 1);
  const top = toMel(sampleRateHz / 2);
  const edges = Array.from(
    { length: bands + 2 },
    (_, i) => (toHz((top * i) / (bands + 1)) * window) / sampleRateHz,
  );
  const filters = new Float32Array(bins * bands);
  for (let band = 0; band < bands; band++) {
    const [low, centre, high] = [edges[band]!, edges[band + 1]!, edges[band + 2]!];
    let sum = 0;
    for (let bin = 0; bin < bins; bin++) {
      const weight = Math.max(0, Math.min((bin - low) / (centre - low), (high - bin) / (high - centre)));
      filters[bin * bands + band] = weight;
      sum += weight;
    }
    if (sum === 0) {
      filters[Math.min(bins - 1, Math.round(centre)) * bands + band] = 1;
      sum = 1;
    }
    for (let bin = 0; bin < bins; bin++) filters[bin * bands + band]! /= sum;
  }
  return filters;
}

/** Hann window of `length` samples, periodic. */
export function hann(length: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / length));
}

/**
 * Real DFT of a Hann-windowed frame as a matrix [window, 2 * bins]: cosines, then sines; scaled so that a full-scale sine
 * has magnitude near 1/2 at any window. Fast as a matrix product, and differentiable.
 */
export function dftBasis(window: number): Float32Array<ArrayBuffer> {
  const bins = window / 2 + 1;
  const basis = new Float32Array(window * 2 * bins);
  for (let n = 0; n < window; n++) {
    const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / window);
    for (let k = 0; k < bins; k++) {
      // Reduced first: the angle's precision does not fall with n * k.
      const angle = (2 * Math.PI * ((n * k) % window)) / window;
      basis[n * 2 * bins + k] = (2 * hann * Math.cos(angle)) / window;
      basis[n * 2 * bins + bins + k] = (-2 * hann * Math.sin(angle)) / window;
    }
  }
  return basis;
}
