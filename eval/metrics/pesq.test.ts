import { describe, expect, it } from 'vitest';
import { noise, speechLike } from '../../test/speech-like.ts';
import { type PesqModeName, pesq, pesqAnalysis, pesqModes } from './pesq.ts';

const cases = Object.entries(pesqModes).flatMap(([mode, { sampleRatesHz }]) =>
  sampleRatesHz.map((sampleRateHz) => ({ mode: mode as PesqModeName, sampleRateHz })),
);

describe('pesq', () => {
  it.each(
    cases,
  )('$mode at $sampleRateHz Hz: best for equal signals at any level, worse with noise', (options) => {
    const speech = speechLike(options.sampleRateHz, 2);
    const best = options.mode === 'pesq-nb' ? 4.5486 : 4.6439;
    expect(pesq(speech, speech, options)).toBeCloseTo(best, 4);
    expect(
      pesq(
        speech,
        speech.map((x) => -x / 8),
        options,
      ),
    ).toBeCloseTo(best, 4);

    const hiss = noise(speech.length, 1);
    const scores = [0.001, 0.01, 0.1].map((level) =>
      pesq(
        speech,
        speech.map((x, i) => x + level * hiss[i]!),
        options,
      ),
    );
    for (const [i, score] of scores.entries()) expect(score).toBeLessThan(i === 0 ? best : scores[i - 1]!);
    expect(scores.at(-1)!).toBeGreaterThan(1);
  });

  it('finds delays, also one that changes between utterances', () => {
    const speech = speechLike(16000, 4);
    const late = new Float64Array(speech.length + 2400);
    late.set(speech.subarray(0, 32000), 800);
    late.set(speech.subarray(32000), 32000 + 2400);
    const { utterances, mosLqo } = pesqAnalysis(speech, Float32Array.from(late), {
      sampleRateHz: 16000,
      mode: 'pesq-nb',
    });
    expect(utterances[0]!.delaySamples).toBe(800);
    expect(utterances.at(-1)!.delaySamples).toBe(2400);
    expect(mosLqo).toBeGreaterThan(4);
  });

  it('refuses what it cannot judge', () => {
    const speech = speechLike(16000, 1);
    const options = { sampleRateHz: 16000, mode: 'pesq-wb' } as const;
    const silent = new Float32Array(16000);
    expect(() => pesq(speech, speech, { ...options, sampleRateHz: 8000 })).toThrow(
      'cannot compute pesq-wb: found a sample rate of 8000 Hz, expected 16000 Hz. Resample both signals.',
    );
    expect(() => pesq(speech, speech.subarray(0, 3999), options)).toThrow('at least a quarter of a second');
    expect(() => pesq(silent, speech, options)).toThrow('only zeros in the reference');
    expect(() => pesq(speech, silent, options)).toThrow('only zeros in the degraded');
    expect(() =>
      pesq(
        speech.map((x, i) => (i === 9 ? Number.NaN : x)),
        speech,
        options,
      ),
    ).toThrow('NaN at sample 9');
    expect(() =>
      pesq(
        silent.map((_, i) => (i === 8000 ? 1 : 0)),
        speech,
        options,
      ),
    ).toThrow('no speech');
  });
});
