/**
 * A stride coprime to a count, about 0.618 of it: steps of it modulo the count meet every place once, and neighbours far
 * apart.
 */
export function goldenStride(count: number): number {
  let stride = Math.max(1, Math.round(count * 0.618));
  while (greatestDivisor(stride, count) !== 1) stride++;
  return stride;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
