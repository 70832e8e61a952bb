import { describe, expect, it } from 'vitest';
import { noise, speechLike } from '../../test/speech-like.ts';
import { estoi, stoi } from './stoi.ts';

describe.each([
  ['STOI', stoi],
  ['ESTOI', estoi],
])('%s', (_, metric) => {
  it.each([
    8000, 10000, 16000, 24000, 44100,
  ])('at %i Hz: 1 for equal signals at any level, less with noise', (sampleRateHz) => {
    const options = { sampleRateHz };
    const speech = speechLike(sampleRateHz, 1.5);
    expect(metric(speech, speech, options)).toBeCloseTo(1, 6);
    expect(
      metric(
        speech,
        speech.map((x) => x / 3),
        options,
      ),
    ).toBeCloseTo(1, 5);
    const hiss = noise(speech.length, 3);
    const scores = [0.01, 0.1, 1].map((level) =>
      metric(
        speech,
        speech.map((x, i) => x + level * hiss[i]!),
        options,
      ),
    );
    for (const [i, score] of scores.entries()) expect(score).toBeLessThan(i === 0 ? 1 : scores[i - 1]!);
  });

  it('gives 1e-5 where less than 384 ms is left', () => {
    const speech = speechLike(16000, 0.3);
    expect(metric(speech, speech, { sampleRateHz: 16000 })).toBe(1e-5);
  });

  it('refuses other lengths, silence and odd rates', () => {
    const speech = speechLike(16000, 1);
    expect(() => metric(speech, speech.subarray(1), { sampleRateHz: 16000 })).toThrow('15999 samples');
    expect(() =>
      metric(
        speech.map(() => 0),
        speech,
        { sampleRateHz: 16000 },
      ),
    ).toThrow('only zeros in the reference');
    expect(() => metric(speech, speech, { sampleRateHz: 16000.5 })).toThrow('16000.5 Hz');
  });
});
