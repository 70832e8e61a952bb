import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readVarint, VARINT_MALFORMED, VARINT_SHORT, varintLength, writeVarint } from './varint.ts';

const write = (value: number) => {
  const out: number[] = [];
  writeVarint(value, out);
  return Uint8Array.from(out);
};

it('golden', () => {
  expect([...write(0)]).toEqual([0]);
  expect([...write(127)]).toEqual([127]);
  expect([...write(128)]).toEqual([128, 1]);
  expect([...write(624485)]).toEqual([0xe5, 0x8e, 0x26]);
  expect([...write(Number.MAX_SAFE_INTEGER)]).toEqual([255, 255, 255, 255, 255, 255, 255, 15]);
});

it('reads what was written, and knows when the end is missing', () => {
  const bits = fc.integer({ min: 0, max: 53 }).chain((n) => fc.maxSafeNat().map((v) => v % 2 ** n));
  fc.assert(
    fc.property(bits, (value) => {
      const bytes = write(value);
      expect(readVarint(bytes, 0)).toBe(value);
      expect(varintLength(value)).toBe(bytes.length);
      expect(readVarint(bytes, 0, bytes.length - 1)).toBe(VARINT_SHORT);
      expect(readVarint(Uint8Array.of(9, ...bytes, 200), 1)).toBe(value);
    }),
    { seed: 1 },
  );
});

it('each number has one encoding', () => {
  for (const bad of [
    [128, 0],
    [255, 128, 0],
    [255, 255, 255, 255, 255, 255, 255, 16],
    new Array(8).fill(128),
    new Array(100).fill(255),
  ]) {
    expect(readVarint(Uint8Array.from(bad), 0)).toBe(VARINT_MALFORMED);
  }
});

it('refuses what is no such number', () => {
  for (const bad of [-1, 0.5, 2 ** 53, Number.NaN]) {
    expect(() => write(bad)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  }
});
