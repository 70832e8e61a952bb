import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { BinaryDecoder, BinaryEncoder } from './binary-coder.ts';

/** A bit with its probability of being 1 (of 2^16), or a value of so many equally likely bits. */
type Event =
  | { readonly bit: number; readonly p: number }
  | { readonly value: number; readonly width: number };

function encode(events: readonly Event[]): Uint8Array {
  const encoder = new BinaryEncoder();
  for (const event of events) {
    if ('bit' in event) encoder.encodeBit(event.bit, event.p);
    else encoder.encodeBypass(event.value, event.width);
  }
  return encoder.finish();
}

function decode(bytes: Uint8Array, shape: readonly Event[]) {
  const decoder = new BinaryDecoder(bytes);
  const events = shape.map((event) =>
    'bit' in event
      ? { bit: decoder.decodeBit(event.p), p: event.p }
      : { value: decoder.decodeBypass(event.width), width: event.width },
  );
  return { events, unused: decoder.hasUnusedBytes };
}

const probability = fc.oneof(
  fc.integer({ min: 1, max: 65_535 }),
  fc.constantFrom(1, 2, 32_768, 65_534, 65_535),
);
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ bit: fc.nat(1), p: probability }) },
  {
    weight: 1,
    arbitrary: fc
      .nat(16)
      .chain((width) => fc.record({ value: fc.nat(2 ** width - 1), width: fc.constant(width) })),
  },
);
const anyEvents = fc.array(anyEvent, { maxLength: 400 });

describe('binary coder', () => {
  it.each([
    [[], ''],
    [new Array(1000).fill({ bit: 1, p: 65_535 }), ''],
    [new Array(3).fill({ bit: 0, p: 65_535 }), '7ffffffeffff80'],
    [
      [
        { value: 0xabcd, width: 16 },
        { bit: 1, p: 1 },
        { value: 5, width: 3 },
      ],
      '55e5d43350',
    ],
  ] as [Event[], string][])('golden words, from big integers in Python: %#', (events, words) => {
    expect(Buffer.from(encode(events)).toString('hex')).toBe(words);
    expect(decode(encode(events), events)).toEqual({ events, unused: false });
  });

  it('decodes what was encoded', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        expect(decode(encode(events), events)).toEqual({ events, unused: false });
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('any bytes decode to some bits, in range, and to bits again afterwards', () => {
    fc.assert(
      fc.property(anyEvents, fc.uint8Array({ maxLength: 40 }), fc.nat(2), (shape, tail, head) => {
        const bytes = Uint8Array.of(...new Array<number>(4 * head).fill(255), ...tail);
        for (const event of decode(bytes, shape).events) {
          if ('value' in event) expect(event.value).toBeLessThan(2 ** event.width!);
        }
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it.each([
    1, 40, 700, 5000, 20_000, 32_768, 50_000, 65_000, 65_535,
  ])('a million bits of probability %d cost at most 0.05 percent more than they must', (p) => {
    const rng = new Rng(p);
    const encoder = new BinaryEncoder();
    let bits = 0;
    for (let i = 0; i < 1e6; i++) {
      const bit = rng.int(65_536) < p ? 1 : 0;
      bits += 16 - Math.log2(bit ? p : 65_536 - p);
      encoder.encodeBit(bit, p);
    }
    const coded = 8 * encoder.finish().length;
    expect(coded).toBeGreaterThan(bits - 16);
    expect(coded).toBeLessThan(1.0005 * bits + 16);
  });
});
