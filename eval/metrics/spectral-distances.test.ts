import { describe, expect, it } from 'vitest';
import { noise, speechLike } from '../../test/speech-like.ts';
import { melDistance } from './mel-distance.ts';
import { stftDistance } from './stft-distance.ts';

const mel = (a: Float32Array, b: Float32Array) => melDistance(a, b, { sampleRateHz: 24000 });

describe.each([
  ['mel distance', mel],
  ['STFT distance', stftDistance],
])('%s', (_, distance) => {
  const hiss = noise(24000, 1);

  it('is 0 for equal signals and the difference in level for a change of gain', () => {
    expect(distance(hiss, hiss)).toBe(0);
    // Every cell of noise near full scale is far above the floor, so that all move by 6.02 dB.
    expect(
      distance(
        hiss,
        hiss.map((x) => x / 2),
      ),
    ).toBeCloseTo(20 * Math.log10(2), 2);
    expect(
      distance(
        hiss.map((x) => x / 2),
        hiss,
      ),
    ).toBeCloseTo(20 * Math.log10(2), 2);
  });

  it('grows with noise', () => {
    const speech = speechLike(24000, 1);
    const distances = [0.001, 0.01, 0.1].map((level) =>
      distance(
        speech,
        speech.map((x, i) => x + level * hiss[i]!),
      ),
    );
    for (const [i, value] of distances.entries())
      expect(value).toBeGreaterThan(i === 0 ? 0 : distances[i - 1]!);
  });

  it('takes silence and signals shorter than a window', () => {
    const silent = new Float32Array(500);
    expect(distance(silent, silent)).toBe(0);
    // Against the floor of -100 dB.
    expect(
      distance(
        silent.map(() => 1e-6),
        silent,
      ),
    ).toBe(0);
    expect(distance(hiss.subarray(0, 500), silent)).toBeGreaterThan(30);
    expect(distance(hiss.subarray(0, 1), silent.subarray(0, 1))).toBeGreaterThan(0);
  });

  it('refuses other lengths and no samples', () => {
    expect(() => distance(hiss, hiss.subarray(1))).toThrow(
      '23999 samples in the degraded signal, expected 24000',
    );
    expect(() => distance(hiss.subarray(0, 0), hiss.subarray(0, 0))).toThrow('no samples');
  });
});

it('the STFT distance of a sine against silence is that of its level above the floor, bin by bin', () => {
  const n = 2048 * 8;
  // On bin 64 of the long window and 16 of the short: Hann spreads it over three bins at 1, 1/2, 1/2.
  const sine = Float32Array.from({ length: n }, (_, i) => Math.sin((2 * Math.PI * 64 * i) / 2048));
  const middle = stftDistance(sine, new Float32Array(n));
  const cells = 100 + 2 * (100 - 20 * Math.log10(2));
  // Frames at both ends, where the sine begins and stops, hear more bins.
  expect(middle).toBeGreaterThan((cells / 1025 + cells / 257) / 2);
  expect(middle).toBeLessThan(10);
});
