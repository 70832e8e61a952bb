import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createResampler, resample, resampleBlocks, resampledLength } from './resample.ts';

const sine = (hz: number, rateHz: number, length: number, amplitude = 0.5) =>
  Float32Array.from({ length }, (_, t) => amplitude * Math.sin((2 * Math.PI * hz * t) / rateHz));
const signal = (sampleRateHz: number, ...channels: Float32Array[]) => ({
  kind: 'audio' as const,
  sampleRateHz,
  channels,
});

/** Signal to noise ratio in dB, without the first and last `margin` samples. */
function snrDb(reference: Float32Array, found: Float32Array, margin: number): number {
  let power = 0;
  let noise = 0;
  for (let t = margin; t < reference.length - margin; t++) {
    power += reference[t]! ** 2;
    noise += (reference[t]! - found[t]!) ** 2;
  }
  return 10 * Math.log10(power / noise);
}

describe('a sine keeps its phase', () => {
  it.each([
    [16_000, 24_000],
    [24_000, 16_000],
    [44_100, 24_000],
    [48_000, 44_100],
    [8000, 48_000],
    [192_000, 24_000],
    [384_000, 48_000],
  ])('%i Hz to %i Hz', async (from, to) => {
    const { channels, sampleRateHz } = await resample(signal(from, sine(1000, from, from / 4)), to);
    expect(sampleRateHz).toBe(to);
    expect(channels[0]).toHaveLength(to / 4);
    expect(snrDb(sine(1000, to, to / 4), channels[0]!, to / 20)).toBeGreaterThan(100);
  });

  it('16 kHz to 24 kHz and back', async () => {
    const input = sine(1000, 16_000, 8000);
    const back = await resample(await resample(signal(16_000, input), 24_000), 16_000);
    expect(snrDb(input, back.channels[0]!, 500)).toBeGreaterThan(100);
  });
});

it('an impulse stays where it is', async () => {
  for (const [from, to] of [
    [16_000, 24_000],
    [24_000, 16_000],
    [44_100, 22_050],
  ] as const) {
    const impulse = new Float32Array(2000);
    impulse[600] = 1;
    const [out] = (await resample(signal(from, impulse), to)).channels;
    const at = (600 * to) / from;
    const peak = out!.indexOf(Math.max(...out!));
    expect(peak).toBe(at);
    for (let d = 1; d < 50; d++) expect(out![at - d]).toBeCloseTo(out![at + d]!, 6);
  }
});

it('removes what the lower rate cannot hold', async () => {
  const [out] = (await resample(signal(48_000, sine(10_000, 48_000, 24_000)), 16_000)).channels;
  expect(Math.max(...out!.subarray(1000, -1000).map(Math.abs))).toBeLessThan(1e-5);
});

it('keeps channels apart, and each as it is alone', async () => {
  const channels = [300, 700, 1100, 1500, 1900, 2300].map((hz) => sine(hz, 44_100, 9000));
  const together = (await resample(signal(44_100, ...channels), 24_000)).channels;
  for (const [c, samples] of channels.entries()) {
    const alone = (await resample(signal(44_100, samples), 24_000)).channels[0]!;
    expect(snrDb(alone, together[c]!, 0)).toBeGreaterThan(130);
  }
});

it('gives round(n * to / from) samples, the same for any block sizes', () =>
  fc.assert(
    fc.asyncProperty(
      fc.constantFrom([16_000, 24_000], [44_100, 24_000], [24_000, 8000], [8000, 8000], [192_000, 1000]),
      fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 5 }),
      fc.constantFrom(1, 2, 3),
      async ([from, to], lengths, channels) => {
        const total = lengths.reduce((n, length) => n + length, 0);
        const whole = Array.from({ length: channels }, (_, c) => sine(440 * (c + 1), from!, total));
        async function* blocks() {
          let at = 0;
          for (const length of lengths) {
            yield whole.map((samples) => samples.subarray(at, at + length));
            at += length;
          }
        }
        const parts: Float32Array[][] = [];
        for await (const block of resampleBlocks(blocks(), from!, to!, channels)) parts.push(block);
        const once = await resample(signal(from!, ...whole), to!);
        for (const [c, expected] of once.channels.entries()) {
          expect(expected).toHaveLength(resampledLength(total, from!, to!));
          const joined = Float32Array.from(parts.flatMap((block) => [...block[c]!]));
          expect(joined).toEqual(expected);
        }
      },
    ),
    { numRuns: 15 },
  ));

it('takes blocks larger than the converter does', async () => {
  const input = sine(100, 1000, 3000);
  const { channels } = await resample(signal(1000, input, input), 200_000);
  expect(channels[1]).toHaveLength(600_000);
  expect(snrDb(sine(100, 200_000, 600_000), channels[1]!, 50_000)).toBeGreaterThan(100);
});

it('equal rates are the identity', async () => {
  const audio = signal(24_000, sine(50, 24_000, 100));
  expect(await resample(audio, 24_000)).toBe(audio);
});

it.each([
  [44_100.5, 24_000, 1],
  [0, 24_000, 1],
  [24_000, Number.NaN, 1],
  [192_000, 500, 1],
  [16_000, 24_000, 129],
])('refuses %d Hz to %d Hz with %i channels', async (from, to, channels) => {
  await expect(createResampler(from, to, channels)).rejects.toMatchObject({ code: 'bad-argument' });
});
