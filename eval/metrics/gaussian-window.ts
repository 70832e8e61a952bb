/** One side of a separable, symmetric Gaussian window of odd length that sums to 1. */
export function gaussianWindow(side: number, sigma: number): Float64Array {
  const middle = (side - 1) / 2;
  const window = Float64Array.from({ length: side }, (_, i) =>
    Math.exp(-((i - middle) ** 2) / (2 * sigma ** 2)),
  );
  const sum = window.reduce((a, b) => a + b, 0);
  return window.map((value) => value / sum);
}

/** Filters rows, then columns, where the window fits wholly: [height - side + 1, width - side + 1]. */
export function filterValid(
  data: Float32Array,
  width: number,
  height: number,
  window: Float64Array,
): Float64Array {
  const side = window.length;
  const middle = (side - 1) / 2;
  const outWidth = width - side + 1;
  const outHeight = height - side + 1;
  // Columns first: then the second pass runs over fewer rows, and both run along memory.
  const columns = new Float64Array(outHeight * width);
  for (let y = 0; y < outHeight; y++) {
    const out = y * width;
    for (let k = 0; k < middle; k++) {
      const weight = window[k]!;
      const [above, below] = [(y + k) * width, (y + side - 1 - k) * width];
      for (let x = 0; x < width; x++) columns[out + x]! += weight * (data[above + x]! + data[below + x]!);
    }
    const [weight, centre] = [window[middle]!, (y + middle) * width];
    for (let x = 0; x < width; x++) columns[out + x]! += weight * data[centre + x]!;
  }
  const filtered = new Float64Array(outHeight * outWidth);
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      const left = y * width + x;
      let sum = window[middle]! * columns[left + middle]!;
      for (let k = 0; k < middle; k++)
        sum += window[k]! * (columns[left + k]! + columns[left + side - 1 - k]!);
      filtered[y * outWidth + x] = sum;
    }
  }
  return filtered;
}
