import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAGIC } from './container.ts';
import { ContainerError } from './container-error.ts';
import { decodeHeader } from './container-header.ts';
import { openContainer } from './container-reader.ts';
import { encodeChunk } from './container-record.ts';
import { crc32c } from './crc32c.ts';
import { anyFile, makeFile, parse, type TestFile, testHeader } from './test-files.ts';

const file = makeFile(
  Array.from({ length: 5 }, (_, i) => ({
    mode: i,
    frames: i < 4 ? 10 : 7,
    payload: Uint8Array.of(i, 1, 2, 3),
  })),
  712,
);
const { bytes, headerBytes } = file;
const [, one, two, three, four] = file.chunks;

const cat = (...parts: Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));
const without = (from: number, to: number) => cat(bytes.subarray(0, from), bytes.subarray(to));
const flipped = (at: number, bits = 4) => bytes.with(at, bytes[at]! ^ bits);

function failure(given: Uint8Array): ContainerError {
  try {
    parse([given], false);
  } catch (error) {
    if (error instanceof ContainerError) return error;
    throw error;
  }
  throw new Error('no error');
}

describe('strict', () => {
  it.each([
    [
      'another kind of file',
      'not-codec',
      Buffer.from('RIFF....'),
      /is not a \.codec file: found first bytes 52 49/,
    ],
    ['text', 'not-codec', Buffer.from('\ufffdNC...'), /copied as text/],
    ['Latin-1', 'not-codec', Buffer.from(Buffer.from(bytes).toString('latin1'), 'utf8'), /copied as text/],
    ['no bytes', 'truncated', bytes.subarray(0, 0), /is empty/],
    ['part of the header', 'truncated', bytes.subarray(0, 9), /truncated inside its header: found 9 bytes/],
    [
      'a newer version',
      'newer-version',
      bytes.with(3, 2),
      /found version 2, expected at most 1.*Update neural-codec/,
    ],
    ['version 0', 'damaged-header', bytes.with(3, 0), /version 0/],
    ['a damaged fingerprint', 'damaged-header', flipped(8), /the header of the file is damaged/],
    ['an unknown kind', 'damaged-header', bytes.with(13, 9), /media kind 9/],
    ['a flipped payload', 'damaged-chunk', flipped(two!.fromByte + 4), /at byte 44, where chunk 2/],
    ['a flipped tag', 'damaged-chunk', flipped(two!.fromByte, 0x40), /found the byte e2/],
    ['a flipped length', 'damaged-chunk', flipped(two!.fromByte + 1, 64), /chunk 2/],
    [
      'a cut chunk',
      'truncated',
      bytes.subarray(0, 50),
      /inside chunk 2.*found the end of the file at byte 50/,
    ],
    ['lost chunks', 'missing-chunk', without(two!.fromByte, four!.fromByte), /lacks chunk 2.*found chunk 4/],
    [
      'a lost last chunk',
      'missing-chunk',
      without(four!.fromByte, four!.toByte),
      /lacks chunk 4.*end of 5 chunks/,
    ],
    [
      'no end record',
      'missing-end',
      bytes.subarray(0, four!.toByte),
      /truncated at byte 78, before chunk 5 or the end/,
    ],
    ['trailing bytes', 'trailing-bytes', cat(bytes, Uint8Array.of(0)), /goes on after its end at byte 86/],
    ['two files', 'trailing-bytes', cat(bytes, bytes), /goes on/],
  ] as const)('%s', (_, reason, given, message) => {
    const error = failure(Uint8Array.from(given));
    expect(error).toMatchObject({ code: 'bad-container', damage: { reason } });
    expect(error.message).toMatch(message);
    expect(error.parts.remedy).toBeTruthy();
  });

  it('says where', () => {
    expect(failure(flipped(two!.fromByte + 4)).damage).toMatchObject({ fromByte: 44, missing: { from: 2 } });
    expect(failure(without(two!.fromByte, four!.fromByte)).damage.missing).toEqual({ from: 2, to: 4 });
    expect(failure(without(four!.fromByte, four!.toByte)).damage.missing).toEqual({ from: 4, to: 5 });
  });

  it('refuses chunks of another file', () => {
    const other = makeFile([{ mode: 0, frames: 10, payload: Uint8Array.of(1) }], 160);
    const head = Uint8Array.from(bytes.subarray(0, headerBytes - 3));
    head[5]! ^= 1;
    const check = crc32c(head);
    const changed = cat(
      head,
      Uint8Array.of(check, check >>> 8, check >>> 16),
      other.bytes.subarray(headerBytes),
    );
    expect(parse([other.bytes], false).chunks).toHaveLength(1);
    expect(failure(changed).damage).toMatchObject({ reason: 'damaged-chunk', missing: { from: 0 } });
  });

  it('does not wait for lengths that cannot be', async () => {
    const huge = cat(bytes.subarray(0, headerBytes), Uint8Array.of(0xa0, 255, 255, 255, 255, 127));
    async function* endless() {
      yield huge;
      await new Promise(() => {});
    }
    const reader = await openContainer(endless());
    await expect(reader.chunks().next()).rejects.toThrow(/found a payload of/);
  });
});

describe('best effort', () => {
  const survivors = (given: Uint8Array) => {
    const { chunks, damages, end } = parse([given], true);
    return { chunks: chunks.map(({ index }) => index), damages, end };
  };

  it('a damaged chunk', () => {
    expect(survivors(flipped(two!.fromByte + 4))).toEqual({
      chunks: [0, 1, 3, 4],
      damages: [
        {
          reason: 'damaged-chunk',
          fromByte: two!.fromByte,
          toByte: three!.fromByte,
          missing: { from: 2, to: 3 },
        },
      ],
      end: file.end,
    });
  });

  it('lost chunks, also the last', () => {
    const gap = { fromByte: two!.fromByte, toByte: two!.fromByte };
    expect(survivors(without(two!.fromByte, four!.fromByte))).toMatchObject({
      chunks: [0, 1, 4],
      damages: [{ reason: 'missing-chunk', ...gap, missing: { from: 2, to: 4 } }],
    });
    expect(survivors(without(two!.fromByte, four!.toByte))).toMatchObject({
      chunks: [0, 1],
      damages: [{ reason: 'missing-chunk', ...gap, missing: { from: 2, to: 5 } }],
      end: file.end,
    });
  });

  it('truncation', () => {
    expect(survivors(bytes.subarray(0, 50))).toEqual({
      chunks: [0, 1],
      damages: [{ reason: 'truncated', fromByte: 44, toByte: 50, missing: { from: 2, to: undefined } }],
      end: undefined,
    });
    expect(survivors(bytes.subarray(0, four!.toByte))).toMatchObject({
      chunks: [0, 1, 2, 3, 4],
      damages: [{ reason: 'missing-end', fromByte: 78, toByte: 78, missing: { from: 5, to: undefined } }],
    });
  });

  it('bytes before the end record and after it', () => {
    const junk = new Uint8Array(30).fill(0xa7);
    expect(survivors(cat(bytes.subarray(0, four!.toByte), junk, bytes.subarray(four!.toByte), junk))).toEqual(
      {
        chunks: [0, 1, 2, 3, 4],
        damages: [
          { reason: 'damaged-chunk', fromByte: 78, toByte: 108, missing: { from: 5, to: 5 } },
          { reason: 'trailing-bytes', fromByte: 116, toByte: 146, missing: { from: 5, to: 5 } },
        ],
        end: file.end,
      },
    );
  });

  it('records that come again, and the whole file again', () => {
    const again = cat(bytes.subarray(0, two!.toByte), bytes.subarray(one!.fromByte));
    expect(survivors(again)).toMatchObject({
      chunks: [0, 1, 2, 3, 4],
      damages: [{ reason: 'damaged-chunk', fromByte: two!.toByte, missing: { from: 3, to: 3 } }],
    });
    expect(survivors(cat(bytes, bytes))).toMatchObject({
      chunks: [0, 1, 2, 3, 4],
      damages: [{ reason: 'trailing-bytes', fromByte: 86, toByte: 172 }],
      end: file.end,
    });
  });

  it('an end record out of place', () => {
    const end = bytes.subarray(four!.toByte);
    const early = cat(bytes.subarray(0, two!.fromByte), end, bytes.subarray(two!.fromByte));
    expect(survivors(early)).toMatchObject({
      chunks: [0, 1, 2, 3, 4],
      damages: [{ reason: 'damaged-chunk', fromByte: 44, toByte: 52, missing: { from: 2, to: 2 } }],
      end: file.end,
    });
  });

  it('does not believe in absurd gaps', () => {
    const { bytes: empty, headerBytes: size } = makeFile([], 0);
    const { crc } = decodeHeader(empty, 'it')!;
    const content = { mode: 0, frames: 10, payload: Uint8Array.of(1) };
    const chunk = (index: number) => encodeChunk(testHeader, crc, index, content);
    const far = cat(empty.subarray(0, size), chunk(0), chunk(65_538), chunk(65_537), empty.subarray(size));
    expect(survivors(far)).toMatchObject({
      chunks: [0, 65_537],
      damages: [{ missing: { from: 1, to: 65_537 } }, { missing: { from: 65_538, to: undefined } }],
    });
  });

  it('does not recover a damaged header', () => {
    expect(() => parse([flipped(8)], true)).toThrow(/header of the file is damaged/);
  });
});

describe('both', () => {
  it('read intact files the same, however the bytes are cut', () => {
    fc.assert(
      fc.property(anyFile, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (given, sizes) => {
        const cut = [...pieces(given, sizes)];
        for (const bestEffort of [false, true]) {
          const parsed = parse(cut, bestEffort);
          const { chunks, end } = given;
          expect(parsed).toEqual({ header: testHeader, chunks, end, damages: [] });
        }
      }),
      { seed: 1 },
    );
  });

  function* pieces({ bytes: all }: TestFile, sizes: readonly number[]) {
    for (let at = 0, i = 0; at < all.length; i++) {
      const size = sizes[i % sizes.length]!;
      yield all.subarray(at, at + size);
      at += size;
    }
  }

  it('let go of their source', async () => {
    let returned = 0;
    const source = (given: Uint8Array): AsyncIterable<Uint8Array> => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: given }),
        return: async () => {
          returned++;
          return { done: true, value: undefined };
        },
      }),
    });
    await expect(openContainer(source(Uint8Array.of(1)))).rejects.toThrow(/not a \.codec file/);
    expect(returned).toBe(1);
    const reader = await openContainer(source(bytes));
    for await (const _ of reader.chunks()) break;
    expect(returned).toBe(2);
    await expect(openContainer([MAGIC, 'text' as never])).rejects.toMatchObject({ code: 'bad-argument' });
  });
});
