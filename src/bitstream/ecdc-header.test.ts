import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodecError } from '../core/errors.ts';
import { ByteFeed } from './byte-feed.ts';
import { ECDC_MAGIC, encodeEcdcHeader, isEcdc, readEcdcHeader } from './ecdc-header.ts';
import { LsbBitReader, LsbBitWriter } from './lsb-bits.ts';

const read = (bytes: Uint8Array) => readEcdcHeader(new ByteFeed(bytes));

function withMetadata(text: string, version = 0, size = text.length): Uint8Array {
  const head = Buffer.from([...ECDC_MAGIC, version, 0, 0, 0, 0]);
  head.writeUInt32BE(size, 5);
  return Buffer.concat([head, Buffer.from(text)]);
}

describe('the header of .ecdc files', () => {
  const header = { model: 'encodec_24khz', lengthSamples: 48000, codebooks: 8, languageModel: false };

  it('is written as Python writes it, and read again', async () => {
    const bytes = encodeEcdcHeader(header);
    const text = '{"m": "encodec_24khz", "al": 48000, "nc": 8, "lm": false}';
    expect(Buffer.from(bytes)).toEqual(Buffer.from(withMetadata(text)));
    expect(await read(bytes)).toEqual(header);
    expect(isEcdc(bytes)).toBe(true);
    expect(isEcdc(bytes.subarray(0, 3))).toBe(false);
  });

  it('may come in pieces, in any spelling of JSON, with more in it', async () => {
    const bytes = withMetadata('{ "lm":true,"x":[1],\n"al":1,"nc":32,"m":"encodec_48khz"}');
    const pieces = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
    expect(await readEcdcHeader(new ByteFeed(pieces))).toEqual({
      model: 'encodec_48khz',
      lengthSamples: 1,
      codebooks: 32,
      languageModel: true,
    });
  });

  it.each([
    ['another file', Buffer.from('RIFF....WAVE'), /not a \.ecdc file.*52 49 46 46/],
    ['nothing', new Uint8Array(0), /not a \.ecdc file/],
    ['a newer version', withMetadata('{}', 1), /version 1.*Update/],
    ['an end within the head', withMetadata('').subarray(0, 7), /damaged.*end after 7 bytes/],
    ['an end within the metadata', withMetadata('{"m"', 0, 60), /damaged.*end after 13 bytes/],
    ['endless metadata', withMetadata('{}', 0, 0xffffffff), /4294967295 bytes of metadata/],
    ['no JSON', withMetadata('{"m"'), /not JSON/],
    ['no object', withMetadata('null'), /model name nothing/],
    ['a name to send to a terminal', withMetadata('{"m": "\\u001b[2J"}'), /model name "\\u001b\[2J"/],
    ['no length', withMetadata('{"m": "a", "al": 0}'), /length 0/],
    ['a length of half a sample', withMetadata('{"m": "a", "al": 0.5}'), /length 0\.5/],
    ['too many codebooks', withMetadata('{"m": "a", "al": 1, "nc": 1e9}'), /1000000000 codebooks/],
    ['no flag', withMetadata('{"m": "a", "al": 1, "nc": 1, "lm": 1}'), /flag 1/],
  ])('with %s is refused', async (_, bytes, says) => {
    const error = await read(bytes).catch((e) => e);
    expect(error).toBeInstanceOf(CodecError);
    expect(error.code).toBe('bad-container');
    expect(error.message).toMatch(says);
  });

  it('any bytes: a header or an error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, begun) => {
        const all = begun ? withMetadata(Buffer.from(bytes).toString('latin1')) : bytes;
        const result = await read(all).catch((error) => error);
        expect(result instanceof CodecError || typeof result.model === 'string').toBe(true);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('bits from the lowest up', () => {
  it('come back, whatever their widths and wherever the bytes are taken', async () => {
    const item = fc.integer({ min: 1, max: 24 }).chain((width) =>
      fc.record({
        width: fc.constant(width),
        value: fc.integer({ min: 0, max: 2 ** width - 1 }),
        take: fc.boolean(),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 100 }), async (items) => {
        const writer = new LsbBitWriter();
        const parts: Uint8Array[] = [];
        for (const { value, width, take } of items) {
          writer.write(value, width);
          if (take) parts.push(writer.take());
        }
        parts.push(writer.end());
        const bits = items.reduce((sum, { width }) => sum + width, 0);
        const bytes = Buffer.concat(parts);
        expect(bytes.length).toBe(Math.ceil(bits / 8));
        const feed = new ByteFeed(bytes);
        await feed.want(bytes.length);
        const reader = new LsbBitReader(feed);
        for (const { value, width } of items) expect(reader.read(width)).toBe(value);
        expect(reader.exhausted).toBe(false);
        reader.read(8);
        expect(reader.exhausted).toBe(true);
      }),
      { seed: 1 },
    );
  });
});
