import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ContainerHeader, MAX_INDICES_PER_CHUNK } from './container.ts';
import { decodeHeader, encodeHeader, listHeader } from './container-header.ts';
import { openContainer } from './container-reader.ts';
import { ContainerWriter, writeContainer } from './container-writer.ts';
import { crc32c } from './crc32c.ts';

const fingerprint = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const audio: ContainerHeader = {
  kind: 'audio',
  recipeId: 1,
  fingerprint,
  sampleRateHz: 24_000,
  channels: 1,
  codebooks: 2,
  framesPerChunk: 3,
};
const image: ContainerHeader = {
  kind: 'image',
  recipeId: 7,
  fingerprint: Uint8Array.of(0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88),
  width: 16_383,
  height: 16_383,
  channels: 3,
  bitDepth: 8,
  codebooks: 0,
};

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const bytes = (...values: number[]) => Uint8Array.from(values);

/** Check sums by another program: a bitwise CRC-32C in Python. */
const audioFile = hex(
  '8e4e43 01 01 0102030405060708 01 c0bb01 01 02 03 025fc6' + // header
    'a1 04 00 deadbeef 8c6976c9' + // chunk 0, mode 1
    'b0 01 01 02 2a 277c7cc2' + // chunk 1, mode 0, two frames
    'ee 02 dc0b c6ff79bb', // end: two chunks, 1500 samples
);
const imageFile = hex('8e4e43 01 07 1122334455667788 02 ff7f ff7f 03 08 00 e92699 a2 03 00 c0ffee debc5dd7');

describe('golden files', () => {
  it('audio', async () => {
    const writer = new ContainerWriter(audio);
    const parts = [
      writer.start(),
      writer.chunk({ mode: 1, frames: 3, payload: hex('deadbeef') }),
      writer.chunk({ mode: 0, frames: 2, payload: bytes(42) }),
      writer.end(1500),
    ];
    expect(Buffer.concat(parts).toString('hex')).toBe(Buffer.from(audioFile).toString('hex'));
    const reader = await openContainer(audioFile);
    expect(reader.header).toEqual(audio);
    const chunks = [];
    for await (const chunk of reader.chunks()) chunks.push(chunk);
    expect(chunks).toEqual([
      { index: 0, mode: 1, frames: 3, payload: hex('deadbeef'), fromByte: 23, toByte: 34 },
      { index: 1, mode: 0, frames: 2, payload: bytes(42), fromByte: 34, toByte: 43 },
    ]);
    expect(reader.end).toEqual({ chunks: 2, lengthSamples: 1500 });
  });

  it('image: no end record', async () => {
    const content = { mode: 2, frames: 0, payload: hex('c0ffee') };
    const parts = [];
    for await (const part of writeContainer(image, [content], () => 1)) parts.push(part);
    expect(Buffer.concat(parts).toString('hex')).toBe(Buffer.from(imageFile).toString('hex'));
    for (const bestEffort of [false, true]) {
      const reader = await openContainer(imageFile, { bestEffort });
      expect(reader.header).toEqual(image);
      for await (const chunk of reader.chunks()) expect(chunk).toMatchObject(content);
      expect(reader.end).toEqual({ chunks: 1, lengthSamples: 1 });
      expect(reader.damages).toEqual([]);
    }
  });
});

describe('header', () => {
  const recipe = fc.oneof(
    fc.record({ recipeId: fc.integer({ min: 1, max: 0xffffffff }) }),
    fc.record({ recipeId: fc.constant(0), recipeName: fc.stringMatching(/^[a-z0-9-]{1,100}$/) }),
  );
  const common = { fingerprint: fc.uint8Array({ minLength: 8, maxLength: 8 }), codebooks: fc.nat(64) };
  const u32 = fc.integer({ min: 1, max: 0xffffffff });
  const side = fc.integer({ min: 1, max: 2 ** 21 - 1 });
  const framesPerChunk = fc.integer({ min: 1, max: 4096 });
  const media = fc.oneof(
    fc.record({
      kind: fc.constant('audio' as const),
      sampleRateHz: u32,
      channels: fc.integer({ min: 1, max: 255 }),
      framesPerChunk,
      ...common,
    }),
    fc.record({
      kind: fc.constant('image' as const),
      width: side,
      height: side,
      channels: fc.integer({ min: 1, max: 4 }),
      bitDepth: fc.integer({ min: 1, max: 16 }),
      ...common,
    }),
    fc.record({
      kind: fc.constant('video' as const),
      width: side,
      height: side,
      rateNumerator: u32,
      rateDenominator: u32,
      framesPerChunk,
      ...common,
    }),
  );
  const anyHeader = fc.tuple(recipe, media).map(([r, m]) => ({ ...r, ...m }) as ContainerHeader);

  it('reads what was written, however few bytes come at a time', () => {
    fc.assert(
      fc.property(anyHeader, (header) => {
        const { bytes: encoded, crc } = encodeHeader(header);
        expect(decodeHeader(encoded, 'it')).toEqual({ header, crc, sizeBytes: encoded.length });
        for (let end = 0; end < encoded.length; end++) {
          expect(decodeHeader(encoded.subarray(0, end), 'it')).toBeUndefined();
        }
        expect(listHeader(header).map(({ name }) => name)).toEqual(
          expect.arrayContaining(Object.keys(header)),
        );
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('of an image takes at most 26 bytes', () => {
    expect(encodeHeader(image).bytes).toHaveLength(24);
    const largest = { ...image, recipeId: 127, width: 2 ** 21 - 1, height: 2 ** 21 - 1, codebooks: 127 };
    expect(encodeHeader(largest).bytes).toHaveLength(26);
  });

  it('its check tells any one or two wrong bits of 140 bytes, and any burst of 24', () => {
    const message = new Uint8Array(140);
    const intact = crc32c(message);
    const syndromes: number[] = Array.from({ length: 24 }, (_, bit) => 1 << bit);
    for (let bit = 0; bit < 8 * message.length; bit++) {
      message[bit >> 3]! ^= 1 << (bit & 7);
      syndromes.push((crc32c(message) ^ intact) & 0xffffff);
      message[bit >> 3]! ^= 1 << (bit & 7);
    }
    expect(syndromes).not.toContain(0);
    expect(new Set(syndromes).size).toBe(syndromes.length);
  });

  it('lists its fields', () => {
    expect(listHeader({ ...audio, recipeId: 0, recipeName: 'mine' })).toMatchObject([
      { name: 'recipeId', value: '0' },
      { name: 'recipeName', value: 'mine' },
      { name: 'fingerprint', value: '0102030405060708' },
      { name: 'kind', value: 'audio' },
      { name: 'sampleRateHz', value: '24000', unit: 'Hz' },
      { name: 'channels', value: '1' },
      { name: 'codebooks', value: '2' },
      { name: 'framesPerChunk', value: '3' },
    ]);
  });

  it.each([
    { recipeId: 0 },
    { fingerprint: bytes(1) },
    { channels: 0 },
    { sampleRateHz: 44_100.5 },
    { codebooks: 1024 },
    { codebooks: 512, framesPerChunk: MAX_INDICES_PER_CHUNK / 256 },
    { kind: 'smell' as 'audio' },
  ])('refuses to write %j', (change) => {
    expect(() => encodeHeader({ ...audio, ...change } as ContainerHeader)).toThrow(
      expect.objectContaining({ code: 'bad-argument' }),
    );
  });
});

describe('writer', () => {
  const content = { mode: 0, frames: 3, payload: bytes(1, 2, 3) };

  it('costs 8 bytes per chunk', () => {
    const writer = new ContainerWriter({ ...audio, codebooks: 8, framesPerChunk: 75 });
    writer.start();
    const payload = new Uint8Array(750);
    expect(writer.chunk({ mode: 0, frames: 75, payload })).toHaveLength(758);
  });

  it.each([
    { ...content, frames: 4 },
    { ...content, frames: 0 },
    { ...content, frames: 1.5 },
    { ...content, mode: 16 },
    { ...content, mode: -1 },
    { ...content, payload: new Uint8Array(89) },
  ])('refuses the chunk %j', (bad) => {
    const writer = new ContainerWriter(audio);
    writer.start();
    expect(() => writer.chunk(bad)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });

  it('refuses calls out of order', () => {
    const refused = expect.objectContaining({ code: 'bad-argument' });
    const writer = new ContainerWriter(audio);
    expect(() => writer.chunk(content)).toThrow(refused);
    expect(() => writer.end(0)).toThrow(refused);
    writer.start();
    expect(() => writer.start()).toThrow(refused);
    writer.chunk(content);
    writer.chunk({ ...content, frames: 2 });
    expect(() => writer.end(-1)).toThrow(refused);
    writer.end(0);
    expect(() => writer.end(0)).toThrow(refused);
    const single = new ContainerWriter(image);
    single.start();
    expect(() => single.end(1)).toThrow(refused);
    single.chunk({ ...content, frames: 0 });
    expect(() => single.chunk({ ...content, frames: 0 })).toThrow(refused);
  });
});
