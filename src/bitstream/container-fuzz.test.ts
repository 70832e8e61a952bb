import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { ContainerError } from './container-error.ts';
import { ContainerParser } from './container-parser.ts';
import { anyFile, makeFile, parse, type TestFile } from './test-files.ts';

/** One change to a file: `count` bytes at `at` (a fraction of the file) replaced by `put`. */
interface Edit {
  readonly at: number;
  readonly count: number;
  readonly put: Uint8Array;
}

const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const none = fc.constant(new Uint8Array(0));
const some = fc.uint8Array({ minLength: 1, maxLength: 50 });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ at: fraction, count: fc.constant(0), put: some }), // insertion
  fc.record({ at: fraction, count: fc.integer({ min: 1, max: 80 }), put: none }), // deletion
  some.chain((put) => fc.record({ at: fraction, count: fc.constant(put.length), put: fc.constant(put) })),
);

/** The changed file, and which chunks no change has touched. */
function damage(file: TestFile, edits: readonly Edit[], from: number) {
  let bytes = [...file.bytes].map((value, place) => ({ value, place }));
  for (const { at, count, put } of edits) {
    const start = from + Math.floor(at * (bytes.length - from));
    bytes = [
      ...bytes.slice(0, start),
      ...[...put].map((value) => ({ value, place: -1 })),
      ...bytes.slice(start + count),
    ];
  }
  const places = new Map(bytes.map(({ place }, i) => [place, i]));
  const intact = file.chunks.filter(({ fromByte, toByte }) => {
    const start = places.get(fromByte);
    if (start === undefined) return false;
    for (let i = 0; i < toByte - fromByte; i++) if (bytes[start + i]?.place !== fromByte + i) return false;
    return true;
  });
  return { bytes: Uint8Array.from(bytes, ({ value }) => value), intact };
}

const content = ({ chunks }: Pick<TestFile, 'chunks'>) =>
  chunks.map(({ index, mode, frames, payload }) => ({ index, mode, frames, payload }));

/** The content of the file, or undefined for a `bad-container` error; anything else fails the test. */
function strict(bytes: Uint8Array) {
  try {
    const parsed = parse([bytes], false);
    return { chunks: content(parsed), end: parsed.end };
  } catch (error) {
    expect(error).toBeInstanceOf(ContainerError);
    return undefined;
  }
}

describe('mutations', () => {
  it('strict: the right content or an error', () => {
    fc.assert(
      fc.property(anyFile, fc.array(edit, { minLength: 1, maxLength: 3 }), (file, edits) => {
        const { bytes } = damage(file, edits, 0);
        const same = Buffer.compare(bytes, file.bytes) === 0;
        expect(strict(bytes)).toEqual(same ? { chunks: content(file), end: file.end } : undefined);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  it('best effort: every intact chunk, nothing else, and the damage told', () => {
    fc.assert(
      fc.property(anyFile, fc.array(edit, { minLength: 1, maxLength: 3 }), (file, edits) => {
        const { bytes, intact } = damage(file, edits, file.headerBytes);
        const parsed = parse([bytes], true);
        expect(content(parsed)).toEqual(content({ chunks: intact }));
        if (Buffer.compare(bytes, file.bytes) !== 0) expect(parsed.damages.length).toBeGreaterThan(0);
        let at = file.headerBytes;
        for (const { fromByte, toByte } of parsed.damages) {
          expect(fromByte).toBeGreaterThanOrEqual(at);
          expect(toByte).toBeGreaterThanOrEqual(fromByte);
          at = toByte;
        }
        expect(at).toBeLessThanOrEqual(bytes.length);
        const told = parsed.damages.flatMap(({ missing: { from, to = file.end.chunks } }) =>
          Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i),
        );
        const lost = file.chunks.filter((chunk) => !intact.includes(chunk)).map(({ index }) => index);
        expect(told).toEqual(lost);
      }),
      { seed: 2, numRuns: 1000 },
    );
  });

  it('every bit of a small file, and every length of it', () => {
    const payloads = [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(0xa0, 0, 5)];
    const file = makeFile(
      payloads.map((payload, i) => ({ mode: i, frames: 10, payload })),
      480,
    );
    for (let bit = 0; bit < 8 * file.bytes.length; bit++) {
      const bytes = file.bytes.with(bit >> 3, file.bytes[bit >> 3]! ^ (1 << (bit & 7)));
      expect(strict(bytes)).toBeUndefined();
    }
    for (let length = 0; length < file.bytes.length; length++) {
      expect(strict(file.bytes.subarray(0, length))).toBeUndefined();
    }
  });
});

describe('hostile bytes', () => {
  const { bytes, headerBytes } = makeFile([], 0);
  const header = bytes.subarray(0, headerBytes);
  const rng = new Rng(5);
  const many = 1 << 20;
  const hostile: [string, Uint8Array][] = [
    ['random bytes', Uint8Array.from({ length: many }, () => rng.int(256))],
    ['a possible chunk at every byte', new Uint8Array(many).fill(0xa0)],
    ['a possible end at every byte', new Uint8Array(many).fill(0xee)],
    // Lengths near the limit, so that each is waited for and summed.
    ['long chunks everywhere', Uint8Array.from({ length: many }, (_, i) => [0xa0, 0xa0, 0x01, 0x00][i % 4]!)],
    ['varints without end', new Uint8Array(many).fill(0xff)],
  ];

  interface Insides {
    readonly window: { readonly bytes: Uint8Array };
    readonly records: { readonly crc: { readonly registers: Int32Array } };
  }

  it.each(hostile)('%s: an error, or nothing found, in bounded time and memory', (_, junk) => {
    expect(strict(Buffer.concat([header, junk]))).toBeUndefined();
    const parser = new ContainerParser({ bestEffort: true });
    parser.push(header);
    let largest = 0;
    const started = performance.now();
    for (let at = 0; at < junk.length; at += 4096) {
      parser.push(junk.subarray(at, at + 4096));
      expect(parser.next()).toBeUndefined();
      const { window, records } = parser as unknown as Insides;
      largest = Math.max(largest, window.bytes.length, records.crc.registers.length);
    }
    parser.finish();
    expect(parser.next()).toBeUndefined();
    expect(parser.damages).toHaveLength(1);
    expect(largest).toBeLessThan(1 << 15);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('random bytes as a whole file', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (junk) => {
        expect(strict(junk)).toBeUndefined();
        expect(strict(Buffer.concat([header.subarray(0, 4), junk]))).toBeUndefined();
      }),
      { seed: 3, numRuns: 500 },
    );
  });
});
