import { describe, expect, it } from 'vitest';
import { siSdr } from './si-sdr.ts';
import { snr } from './snr.ts';

const sine = (length: number, cycles: number, amplitude = 1) =>
  Float32Array.from({ length }, (_, i) => amplitude * Math.sin((2 * Math.PI * cycles * i) / length));

describe('SI-SDR and SNR', () => {
  const reference = sine(4096, 5);
  // Sines of other whole numbers of cycles are orthogonal, so that the ratio is that of the amplitudes.
  const other = sine(4096, 9, 0.1);
  const sum = reference.map((x, i) => x + other[i]!);

  it('of orthogonal parts is the ratio of their powers', () => {
    expect(siSdr(reference, sum)).toBeCloseTo(20, 4);
    expect(snr(reference, sum)).toBeCloseTo(20, 4);
  });

  it('changes with the level only for SNR', () => {
    const half = sum.map((x) => x / 2);
    expect(siSdr(reference, half)).toBeCloseTo(20, 4);
    expect(snr(reference, half)).toBeCloseTo(10 * Math.log10(1 / (0.25 + 0.0025)), 4);
    expect(
      siSdr(
        reference,
        reference.map((x) => x / 4),
      ),
    ).toBe(Number.POSITIVE_INFINITY);
    expect(snr(reference, new Float32Array(4096))).toBe(0);
    expect(siSdr(reference, new Float32Array(4096))).toBe(Number.NEGATIVE_INFINITY);
  });

  it('is infinite for equal signals', () => {
    expect(siSdr(reference, reference)).toBe(Number.POSITIVE_INFINITY);
    expect(snr(reference, reference)).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([siSdr, snr])('refuses other lengths, silence and NaN', (metric) => {
    expect(() => metric(reference, reference.subarray(1))).toThrow(
      '4095 samples in the degraded signal, expected 4096',
    );
    expect(() => metric(new Float32Array(8), new Float32Array(8))).toThrow('only zeros in the reference');
    expect(() => metric(new Float32Array(0), new Float32Array(0))).toThrow('no samples');
    expect(() =>
      metric(
        reference,
        reference.map((x, i) => (i ? x : Number.NaN)),
      ),
    ).toThrow('NaN at sample 0');
  });
});
