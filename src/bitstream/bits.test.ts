import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BitReader, BitWriter } from './bits.ts';

it('golden: highest bit first, filled up with zeros', () => {
  const writer = new BitWriter();
  writer.write(0b101, 3);
  writer.write(0xffff_fffe, 32);
  writer.write(0, 0);
  writer.write(1, 1);
  expect([...writer.toBytes()]).toEqual([0b10111111, 255, 255, 255, 0b11010000]);
  expect(new BitWriter().toBytes()).toHaveLength(0);
});

it('reads what was written', () => {
  const field = fc.integer({ min: 0, max: 32 }).chain((width) =>
    fc.record({
      width: fc.constant(width),
      value: fc.integer({ min: 0, max: 2 ** width - 1 }),
    }),
  );
  fc.assert(
    fc.property(fc.array(field, { maxLength: 200 }), (fields) => {
      const writer = new BitWriter();
      for (const { value, width } of fields) writer.write(value, width);
      const bytes = writer.toBytes();
      const bits = fields.reduce((sum, { width }) => sum + width, 0);
      expect(bytes).toHaveLength(Math.ceil(bits / 8));
      const reader = new BitReader(bytes);
      for (const { value, width } of fields) expect(reader.read(width)).toBe(value);
    }),
    { seed: 1 },
  );
});

it('values wider than their field lose their high bits, not their neighbours', () => {
  const writer = new BitWriter();
  for (let i = 0; i < 5; i++) writer.write(0xffff_ff00, 8);
  expect([...writer.toBytes()]).toEqual([0, 0, 0, 0, 0]);
});

it('refuses to read past the end', () => {
  const reader = new BitReader(Uint8Array.of(1, 2));
  expect(reader.read(15)).toBe(129);
  expect(() => reader.read(2)).toThrow(expect.objectContaining({ code: 'bad-container' }));
});
