import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type PesqModeName, pesq, pesqAnalysis } from '../../eval/metrics/pesq.ts';
import { CodecError } from '../../src/index.ts';
import { csv, wavSamples } from './metric-files.ts';
import { shared, sharedMissing } from './shared.ts';

const folder = (name: string) => shared('golden/metrics/pesq', name);
const wav = (name: string) => wavSamples(folder(name));
const json = (name: string) => (sharedMissing ? [] : JSON.parse(readFileSync(folder(name), 'utf8')));
const modes: Record<string, PesqModeName> = { nb: 'pesq-nb', wb: 'pesq-wb', wb_c2: 'pesq-wb-c2' };

/** What we say where the reference says the left side. */
const raised: Record<string, RegExp> = {
  'No utterances detected': /only zeros in the reference/,
  'No speech': /no speech in the reference/,
  'cannot convert float NaN to integer': /only zeros in the degraded|NaN at sample 20000 of the degraded/,
  'Buffer needs to be at least 1/4 of a second long': /at least a quarter of a second/,
  'zero-size array to reduction operation maximum which has no identity': /no samples in the reference/,
  'fs (sampling frequency) should be either 8000 or 16000': /48000 Hz/,
  'no wide band mode if fs = 8000': /8000 Hz, expected 16000 Hz/,
};

describe.skipIf(sharedMissing)(
  `PESQ equals the reference${sharedMissing ? `: ${sharedMissing}` : ''}`,
  () => {
    const inner = new Map((json('intermediate.json') as Inner[]).map((x) => [`${x.id} ${x.mode}`, x]));

    it.each(csv('pesq/expected.csv'))('$id, $mode at $fs Hz', (row) => {
      const options = { sampleRateHz: Number(row.fs), mode: modes[row.mode!]! };
      const got = pesqAnalysis(wav(row.ref!), wav(row.deg!), options);
      expect(Math.abs(got.mosLqo - Number(row.mos_lqo))).toBeLessThan(0.002);
      expect(Math.abs(got.mosLqo - Number(row.mos_lqo_f64))).toBeLessThan(1e-4);

      const want = inner.get(`${row.id} ${row.mode}`)!;
      expect(got.wholeDelaySamples).toBe(want.crude_delay);
      expect(got.utterances.map(({ start, end, delaySamples }) => [start, end, delaySamples])).toEqual(
        want.utterances.map(({ start, end, delay }) => [start, end, delay]),
      );
      expect([got.frames.first, got.frames.last]).toEqual([want.start_frame, want.stop_frame]);
      expect([got.silentFrames, got.skippedFrames]).toEqual([want.silent_frames, want.skipped_frames]);
      expect(
        got.badIntervals.map(({ from, to, extraDelaySamples }) => [from, to, extraDelaySamples]),
      ).toEqual(want.bad_intervals);
      expect(Math.abs(got.symmetricDisturbance - want.d_indicator)).toBeLessThan(0.001);
      expect(Math.abs(got.asymmetricDisturbance - want.a_indicator)).toBeLessThan(0.001);
    });

    /** The signals that errors.json describes in words. */
    const zeros = (n: number) => new Float32Array(n);
    const join = (...parts: Float32Array[]) => Float32Array.from(parts.flatMap((part) => [...part]));
    const bursts = (n: number) =>
      Float32Array.from({ length: n * 11200 }, (_, i) => {
        const t = i % 11200;
        return t < 4800 ? (Math.floor(t / 8) % 2 ? -3000 : 3000) / 32768 : 0;
      });
    const signals: Record<string, () => readonly [Float32Array, Float32Array]> = {
      silent_ref: () => [zeros(16000), wav('wav/01_ref.wav').slice(0, 16000)],
      silent_ref_8k: () => [zeros(8000), wav('wav/n3_ref.wav').slice(0, 8000)],
      silent_deg: () => [wav('wav/01_ref.wav'), zeros(80960)],
      both_silent: () => [zeros(16000), zeros(16000)],
      short_3999_16k: () => same(wav('wav/01_ref.wav').slice(16000, 19999)),
      exact_4000_16k: () => same(wav('wav/01_ref.wav').slice(16000, 20000)),
      exact_4000_16k_deg: () => [
        wav('wav/01_ref.wav').slice(16000, 20000),
        wav('wav/01_deg_opus6.wav').slice(16000, 20000),
      ],
      short_1999_8k: () => same(wav('wav/n3_ref.wav').slice(8000, 9999)),
      exact_2000_8k: () => same(wav('wav/n3_ref.wav').slice(8000, 10000)),
      short_ref_only: () => [wav('wav/01_ref.wav').slice(0, 3999), wav('wav/01_ref.wav')],
      short_deg_only: () => [wav('wav/01_ref.wav'), wav('wav/01_ref.wav').slice(0, 3999)],
      empty: () => [zeros(0), zeros(0)],
      deg_shorter_1s: () => [wav('wav/01_ref.wav'), wav('wav/01_ref.wav').slice(0, -16000)],
      deg_shorter_half: () => [wav('wav/01_ref.wav'), wav('wav/01_ref.wav').slice(0, 40480)],
      deg_longer_1s_tail: () => [wav('wav/01_ref.wav'), join(wav('wav/01_ref.wav'), zeros(16000))],
      'deg_longer_front_0.5s': () => [wav('wav/01_ref.wav'), join(zeros(8000), wav('wav/01_ref.wav'))],
      'deg_advanced_0.25s': () => [join(zeros(4000), wav('wav/01_ref.wav')), wav('wav/01_ref.wav')],
      identical: () => same(wav('wav/01_ref.wav')),
      inverted: () => [wav('wav/01_ref.wav'), wav('wav/01_ref.wav').map((x) => -x)],
      'scaled_0.25_float': () => [wav('wav/01_ref.wav'), wav('wav/01_ref.wav').map((x) => x / 4)],
      dc_ref: () => [zeros(16000).fill(1000 / 32768), wav('wav/01_ref.wav').slice(0, 16000)],
      impulse_ref: () => [
        zeros(16000).map((_, i) => (i === 8000 ? 20000 / 32768 : 0)),
        wav('wav/01_ref.wav').slice(0, 16000),
      ],
      one_lsb_square: () => same(zeros(16000).map((_, i) => (Math.floor(i / 8) % 2 ? -1 : 1) / 32768)),
      swapped: () => [wav('wav/06_deg_white10.wav'), wav('wav/06_ref.wav')],
      unrelated: () => [wav('wav/01_ref.wav'), wav('wav/02_ref.wav')],
      nan_in_deg: () => [
        wav('wav/01_ref.wav'),
        wav('wav/01_ref.wav').map((x, i) => (i === 20000 ? Number.NaN : x)),
      ],
      fs_48000: () => same(wav('wav/01_ref.wav')),
      wb_at_8k: () => same(wav('wav/n3_ref.wav')),
      utterances_50: () => same(bursts(50)),
      utterances_60: () => same(bursts(60)),
    };

    it.each(json('errors.json') as Case[])('odd input: $case, $mode', (expected) => {
      const options = { sampleRateHz: expected.fs, mode: modes[expected.mode]! };
      const run = () => pesq(...signals[expected.case]!(), options);
      // A click or a constant is no speech: the reference gives numbers that partly hang on rounding.
      const refusal = ['dc_ref', 'impulse_ref'].includes(expected.case) ? 'No speech' : expected.message;
      if (refusal) {
        expect(run).toThrow(CodecError);
        expect(run).toThrow(raised[refusal]!);
      } else if (expected.c_code) {
        // More utterances than the reference can hold: it crashes, here the last takes the rest.
        expect(run()).toBeGreaterThan(4.5);
      } else {
        // Unrelated signals have no delay to find; there the reference's own two precisions differ by 0.0009.
        const tolerance = expected.case === 'unrelated' ? 0.002 : 2e-4;
        expect(Math.abs(run() - expected.mos_lqo_f64!)).toBeLessThan(tolerance);
      }
    });
  },
);

function same(signal: Float32Array): readonly [Float32Array, Float32Array] {
  return [signal, signal];
}

interface Inner {
  id: string;
  mode: string;
  crude_delay: number;
  utterances: { start: number; end: number; delay: number }[];
  start_frame: number;
  stop_frame: number;
  silent_frames: number;
  skipped_frames: number;
  bad_intervals: [number, number, number][];
  d_indicator: number;
  a_indicator: number;
}

interface Case {
  case: string;
  mode: string;
  fs: number;
  message?: string;
  mos_lqo_f64?: number;
  c_code?: string;
}
