/**
 * Basis of the modified discrete cosine transform (Princen & Bradley 1986) with a sine window, [2 * hop, hop]: an orthonormal
 * one, so that squared errors of coefficients are those of samples, and its transpose is the way back, overlapped and added.
 */
export function mdctBasis(hop: number): Float32Array<ArrayBuffer> {
  const basis = new Float32Array(2 * hop * hop);
  const height = Math.sqrt(2 / hop);
  for (let n = 0; n < 2 * hop; n++) {
    const window = height * Math.sin((Math.PI * (n + 0.5)) / (2 * hop));
    for (let k = 0; k < hop; k++) {
      // The angle is pi / (4 hop) times a whole number: reduced to one turn it keeps its precision.
      const turns = ((2 * n + 1 + hop) * (2 * k + 1)) % (8 * hop);
      basis[n * hop + k] = window * Math.cos((Math.PI * turns) / (4 * hop));
    }
  }
  return basis;
}
