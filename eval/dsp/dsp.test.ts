import { describe, expect, it } from 'vitest';
import { noise } from '../../test/speech-like.ts';
import { crossCorrelation } from './fft.ts';
import { octaveResample } from './octave-resample.ts';
import { eachSpectrum } from './stft.ts';

describe('crossCorrelation', () => {
  it.each([
    [1, 1],
    [5, 3],
    [3, 8],
    [100, 37],
  ])('of %i and %i samples is the sum that defines it', (aLength, bLength) => {
    const [a, b] = [noise(aLength, 1), noise(bLength, 2)].map((x) => Float64Array.from(x)) as [
      Float64Array,
      Float64Array,
    ];
    const got = crossCorrelation(a, b);
    expect(got).toHaveLength(aLength + bLength - 1);
    for (let lag = 1 - aLength; lag < bLength; lag++) {
      const want = a.reduce((sum, x, i) => sum + x * (b[i + lag] ?? 0), 0);
      expect(got[lag + aLength - 1]).toBeCloseTo(want, 10);
    }
  });
});

describe('eachSpectrum', () => {
  it('gives magnitude 1 for a full-scale sine on a bin, half of that beside it, nothing further off', () => {
    const sine = Float32Array.from({ length: 1024 }, (_, i) => Math.sin((2 * Math.PI * 8 * i) / 128));
    const frames: Float64Array[] = [];
    eachSpectrum(sine, 128, 32, (magnitudes) => frames.push(magnitudes.slice()));
    expect(frames).toHaveLength(32);
    const middle = frames[16]!;
    expect([7, 8, 9].map((bin) => middle[bin]!.toFixed(5))).toEqual(['0.50000', '1.00000', '0.50000']);
    expect(Math.max(...middle.subarray(12))).toBeLessThan(1e-6);
  });
});

describe('octaveResample', () => {
  it.each([
    [16000, 10000],
    [8000, 10000],
    [44100, 10000],
  ])('keeps a sine from %i to %i Hz where it was', (fromHz, toHz) => {
    const tone = (hz: number) =>
      Float64Array.from({ length: hz / 2 }, (_, i) => Math.sin((2 * Math.PI * 440 * i) / hz));
    const got = octaveResample(tone(fromHz), fromHz, toHz);
    expect(got).toHaveLength(toHz / 2);
    const want = tone(toHz);
    // The ends lack half of their neighbours.
    for (let i = 200; i < got.length - 200; i++) expect(Math.abs(got[i]! - want[i]!)).toBeLessThan(0.003);
  });
});
