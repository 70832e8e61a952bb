import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteCursor } from './byte-cursor.ts';
import { type Field, type FieldValues, listFields, readFields, writeFields } from './fields.ts';

const table = [
  { name: 'flags', type: 'u8', max: 3, doc: 'bits' },
  { name: 'port', type: 'u16', min: 1, doc: 'sixteen bits' },
  { name: 'seed', type: 'u32', doc: 'thirty-two bits' },
  { name: 'length', type: 'varint', unit: 'samples', doc: 'any size' },
  { name: 'key', type: 'bytes', size: 2, doc: 'two bytes' },
  { name: 'title', type: 'utf8', maxBytes: 9, when: { field: 'flags', mask: 2, equals: 2 }, doc: 'optional' },
] as const satisfies readonly Field[];

type Values = FieldValues<typeof table>;

const example: Values = {
  flags: 2,
  port: 0x1234,
  seed: 0xfedcba98,
  length: 300,
  key: Uint8Array.of(7, 8),
  title: 'añ',
};
const exampleBytes = [2, 0x34, 0x12, 0x98, 0xba, 0xdc, 0xfe, 0xac, 2, 7, 8, 3, 0x61, 0xc3, 0xb1];

const write = (values: Values) => {
  const out: number[] = [];
  writeFields(table, values, out);
  return Uint8Array.from(out);
};

it('golden', () => {
  expect([...write(example)]).toEqual(exampleBytes);
  expect(listFields(table, example).slice(3)).toEqual([
    { name: 'length', value: '300', unit: 'samples', doc: 'any size' },
    { name: 'key', value: '0708', doc: 'two bytes' },
    { name: 'title', value: 'añ', doc: 'optional' },
  ]);
});

it('reads what was written; every prefix is short', () => {
  const values = fc.record({
    flags: fc.integer({ min: 0, max: 3 }),
    port: fc.integer({ min: 1, max: 0xffff }),
    seed: fc.integer({ min: 0, max: 0xffffffff }),
    length: fc.maxSafeNat(),
    key: fc.uint8Array({ minLength: 2, maxLength: 2 }),
    title: fc.string({ minLength: 1, maxLength: 3 }),
  });
  fc.assert(
    fc.property(values, ({ title, ...rest }) => {
      const given: Values = rest.flags & 2 ? { ...rest, title } : rest;
      const bytes = write(given);
      const cursor = new ByteCursor(bytes);
      expect(readFields(table, cursor)).toEqual(given);
      expect(cursor).toMatchObject({ offset: bytes.length, failure: undefined });
      for (let end = 0; end < bytes.length; end++) {
        const cut = new ByteCursor(bytes, 0, end);
        readFields(table, cut);
        expect(cut.failure).toBe('short');
      }
    }),
    { seed: 1 },
  );
});

it.each([
  ['flags', 4],
  ['port', 0],
  ['port', 1.5],
  ['seed', -1],
  ['length', 2 ** 53],
  ['key', Uint8Array.of(1)],
  ['title', ''],
  ['title', 'ten bytes!'],
  ['title', 'a\u001b[2J'],
  ['title', undefined],
])('does not write %s %j', (name, value) => {
  expect(() => write({ ...example, [name]: value })).toThrow(
    expect.objectContaining({ code: 'bad-argument', message: expect.stringContaining(name) }),
  );
});

it.each([
  [0, 4, 'a flags of 4'],
  [8, 0, 'a malformed number'],
  [11, 10, 'a title of 10 bytes'],
  [12, 27, 'a title with control characters'],
  [13, 0xff, 'a title that is not UTF-8'],
])('does not read byte %i as %i', (at, byte, failure) => {
  const cursor = new ByteCursor(Uint8Array.from(exampleBytes).with(at, byte));
  readFields(table, cursor);
  expect(cursor.failure).toBe(failure);
});
