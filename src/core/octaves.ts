const QUARTER_OCTAVES = [1, 1.189207115002721, Math.SQRT2, 1.681792830507429];

/** 2^(quarters / 4), the same on every machine. */
export function octaves(quarters: number): number {
  return QUARTER_OCTAVES[quarters & 3]! * 2 ** (quarters >> 2);
}
