import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crc32c } from './crc32c.ts';
import { SlidingCrc } from './sliding-crc.ts';

const upTo = (count: number, at: (i: number) => number) =>
  Uint8Array.from({ length: count }, (_, i) => at(i));

it('known values: the check value, and those of RFC 3720, B.4', () => {
  expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(0))).toBe(0);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(upTo(32, (i) => i))).toBe(0x46dd794e);
  expect(crc32c(upTo(32, (i) => 31 - i))).toBe(0x113fdb5c);
});

it('does not depend on how the bytes are cut', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, at) => {
      expect(crc32c(bytes.subarray(at), crc32c(bytes.subarray(0, at)))).toBe(crc32c(bytes));
    }),
    { seed: 1 },
  );
});

it('of any span of a stream, while the stream goes by', () => {
  const stream = fc.array(fc.uint8Array({ maxLength: 3000 }), { minLength: 1, maxLength: 8 });
  const span = fc.tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  );
  fc.assert(
    fc.property(stream, span, fc.integer(), (pieces, [a, b], seed) => {
      const sliding = new SlidingCrc();
      const all = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
      let length = 0;
      for (const piece of pieces) {
        sliding.append(piece);
        length += piece.length;
        const from = Math.floor(Math.min(a, b) * length);
        const to = Math.floor(Math.max(a, b) * length);
        expect(sliding.crc(from, to, seed >>> 0)).toBe(crc32c(all.subarray(from, to), seed >>> 0));
        sliding.forget(from);
      }
    }),
    { seed: 2 },
  );
});

it('of a long span', () => {
  const bytes = upTo(1_100_000, (i) => (i * 2654435761) >>> 13);
  const sliding = new SlidingCrc();
  sliding.append(bytes);
  expect(sliding.crc(7, 1_099_999)).toBe(crc32c(bytes.subarray(7, 1_099_999)));
});
