import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { mdctBasis } from './mdct.ts';

describe('mdctBasis', () => {
  it.each([4, 20, 64])('of %i gives samples back where frames overlap, and keeps their power', (hop) => {
    const basis = mdctBasis(hop);
    const rng = new Rng(1);
    const samples = Float32Array.from({ length: 6 * hop }, (_, t) =>
      t >= hop && t < 5 * hop ? rng.normal() : 0,
    );
    const back = new Float64Array(samples.length);
    let power = 0;
    for (let t = 0; t < 5; t++) {
      for (let k = 0; k < hop; k++) {
        let coefficient = 0;
        for (let n = 0; n < 2 * hop; n++) coefficient += samples[t * hop + n]! * basis[n * hop + k]!;
        power += coefficient ** 2;
        for (let n = 0; n < 2 * hop; n++) back[t * hop + n]! += coefficient * basis[n * hop + k]!;
      }
    }
    for (const [t, sample] of samples.entries()) expect(back[t]!).toBeCloseTo(sample, 4);
    expect(power / samples.reduce((sum, sample) => sum + sample ** 2, 0)).toBeCloseTo(1, 5);
  });
});
