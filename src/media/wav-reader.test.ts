import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CodecError } from '../core/errors.ts';
import { collectBlocks } from './audio-stream.ts';
import { openWav, type ReadOptions } from './wav-reader.ts';

const golden = join(import.meta.dirname, '../../../shared/golden/encodec/tiny-24k');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wav-reader-'));
});
afterAll(() => rm(folder, { recursive: true }));

type Part = string | number[] | Uint8Array;
const u16 = (...values: number[]) => [...new Uint8Array(Uint16Array.from(values).buffer)];
const u32 = (...values: number[]) => [...new Uint8Array(Uint32Array.from(values).buffer)];
const u64 = (value: bigint) => [...new Uint8Array(BigUint64Array.of(value).buffer)];
const bytesOf = (...parts: Part[]) =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  );
const chunk = (id: string, body: Uint8Array, size = body.length) =>
  bytesOf(id, u32(size), body, new Uint8Array(body.length % 2));
const fmt = (
  tag: number,
  channels: number,
  rateHz: number,
  bits: number,
  frameBytes = (channels * bits) / 8,
) => chunk('fmt ', bytesOf(u16(tag, channels), u32(rateHz, rateHz * frameBytes), u16(frameBytes, bits)));
const riff = (...chunks: Uint8Array[]) => {
  const body = bytesOf('WAVE', ...chunks);
  return bytesOf('RIFF', u32(body.length), body);
};
const pcm16 = (...samples: number[]) => new Uint8Array(Int16Array.from(samples).buffer);

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function decode(bytes: Uint8Array, options?: ReadOptions, pieceBytes = 7) {
  return collectBlocks(await openWav(inPieces(bytes, pieceBytes), options));
}

const refusal = (parts: Partial<CodecError['parts']>) =>
  expect.objectContaining({ name: 'CodecError', code: 'bad-audio', parts: expect.objectContaining(parts) });

describe('sample values', () => {
  const mono = async (tag: number, bits: number, data: Uint8Array) => [
    ...(await decode(riff(fmt(tag, 1, 8000, bits), chunk('data', data))))[0]!,
  ];

  it('8 bits are (u8 - 128) / 128', async () => {
    expect(await mono(1, 8, Uint8Array.of(0, 1, 127, 128, 129, 255))).toEqual(
      [-128, -127, -1, 0, 1, 127].map((v) => v / 128),
    );
  });
  it('16 bits are int16 / 32768, all of them', async () => {
    const all = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
    expect(await mono(1, 16, new Uint8Array(all.buffer))).toEqual([...all].map((v) => v / 32_768));
  });
  it('24 bits are int24 / 2^23, the lowest included', async () => {
    const bytes = [
      0, 0, 0x80, 1, 0, 0x80, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0xff, 0xff, 0x7f, 0x56, 0x34, 0x12,
    ];
    expect(await mono(1, 24, Uint8Array.from(bytes))).toEqual(
      [-8_388_608, -8_388_607, -1, 0, 1, 8_388_607, 0x123456].map((v) => v / 2 ** 23),
    );
  });
  it('32 bits are int32 / 2^31', async () => {
    const values = [-(2 ** 31), -1, 0, 1, 2 ** 30, 2 ** 31 - 128];
    expect(await mono(1, 32, new Uint8Array(Int32Array.from(values).buffer))).toEqual(
      values.map((v) => Math.fround(v / 2 ** 31)),
    );
  });
  it('floats are what they are, NaN and beyond full scale too', async () => {
    const values = [0, -1.5, 0.1, Number.NaN, Infinity];
    expect(await mono(3, 32, new Uint8Array(Float32Array.from(values).buffer))).toEqual(
      values.map(Math.fround),
    );
    expect(await mono(3, 64, new Uint8Array(Float64Array.from(values).buffer))).toEqual(
      values.map(Math.fround),
    );
  });
  it('channels are separated', async () => {
    const wav = riff(fmt(1, 3, 8000, 16), chunk('data', pcm16(1, 2, 3, 4, 5, 6)));
    expect((await decode(wav)).map((c) => [...c].map((v) => v * 32_768))).toEqual([
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
  });
  it('12 valid bits in a 16-bit container are read as 16', async () => {
    const wav = riff(fmt(1, 1, 8000, 12, 2), chunk('data', pcm16(0x7ff0)));
    expect((await decode(wav))[0]![0]).toBe(0x7ff0 / 32_768);
  });
  it('WAVE_FORMAT_EXTENSIBLE', async () => {
    const guidTail = [0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113];
    const body = bytesOf(u16(0xfffe, 1), u32(8000, 16_000), u16(2, 16, 22, 16), u32(4), u16(1), guidTail);
    expect((await decode(riff(chunk('fmt ', body), chunk('data', pcm16(-32_768)))))[0]![0]).toBe(-1);
    body[body.length - 1] = 0;
    await expect(decode(riff(chunk('fmt ', body), chunk('data', pcm16(1))))).rejects.toEqual(
      refusal({ found: 'format 0xfffe with 16 bits per sample' }),
    );
  });
});

describe('layout', () => {
  const format = fmt(1, 1, 8000, 16);

  it('skips unknown chunks, with their padding, before and after', async () => {
    const list = chunk('LIST', Uint8Array.of(1, 2, 3));
    const wav = riff(list, format, chunk('fact', new Uint8Array(4)), list, chunk('data', pcm16(1, 2)), list);
    for (const pieceBytes of [1, 2, 1000]) {
      expect([...(await decode(wav, {}, pieceBytes))[0]!]).toEqual([1 / 32_768, 2 / 32_768]);
    }
    const path = join(folder, 'chunks.wav');
    await writeFile(path, wav);
    const stream = await openWav(path);
    expect(stream.lengthSamples).toBe(2);
    expect((await collectBlocks(stream))[0]).toHaveLength(2);
  });

  it.each([0, 0xffffffff, 0x7ffff000])('reads to the end where a pipe writer left size %i', async (size) => {
    const wav = bytesOf('RIFF', u32(size), 'WAVE', format, 'data', u32(size), pcm16(1, 2, 3));
    const stream = await openWav(inPieces(wav, 5));
    expect(stream.lengthSamples).toBeUndefined();
    expect((await collectBlocks(stream))[0]).toHaveLength(3);
  });

  it('believes size 0 where chunks follow', async () => {
    const stream = await openWav(
      inPieces(riff(format, chunk('data', pcm16()), chunk('LIST', pcm16(1, 2))), 9),
    );
    expect(stream.lengthSamples).toBe(0);
    expect((await collectBlocks(stream))[0]).toHaveLength(0);
  });

  it('sizes beyond 4 GiB come from ds64; RF64 and BW64', async () => {
    for (const form of ['RF64', 'BW64']) {
      const ds64 = chunk(
        'ds64',
        bytesOf(u64(5_000_000_100n), u64(5_000_000_000n), u64(2_500_000_000n), u32(0)),
      );
      const head = bytesOf(form, u32(0xffffffff), 'WAVE', ds64, format, 'data', u32(0xffffffff));
      const stream = await openWav(inPieces(bytesOf(head, pcm16(1, 2)), 8));
      expect(stream.lengthSamples).toBe(2_500_000_000);
      await expect(collectBlocks(stream)).rejects.toEqual(
        refusal({ found: '4 bytes of samples', expected: '5000000000 bytes' }),
      );
    }
  });

  it('reads the far end of a sparse file of 5 GB', async () => {
    const path = join(folder, 'large.wav');
    // A chunk beyond 4 GiB before the samples, its size in the ds64 table.
    const skipped = 5_000_000_000n;
    const ds64 = chunk('ds64', bytesOf(u64(skipped), u64(4n), u64(2n), u32(1), 'huge', u64(skipped)));
    const head = bytesOf('RF64', u32(0xffffffff), 'WAVE', ds64, 'huge', u32(0xffffffff));
    const file = await open(path, 'w');
    await file.write(head);
    await file.write(
      bytesOf(format, 'data', u32(0xffffffff), pcm16(5, 6)),
      0,
      null,
      head.length + Number(skipped),
    );
    await file.close();
    const [samples] = await collectBlocks(await openWav(path));
    expect([...samples!]).toEqual([5 / 32_768, 6 / 32_768]);
    await rm(path);
  });

  it('an early exit closes the source', async () => {
    let closed = false;
    async function* endless() {
      try {
        yield bytesOf('RIFF', u32(0), 'WAVE', format, 'data', u32(0));
        for (;;) yield new Uint8Array(50_000);
      } finally {
        closed = true;
      }
    }
    for await (const block of (await openWav(endless())).blocks()) {
      expect(block[0]!.length).toBeGreaterThan(0);
      break;
    }
    expect(closed).toBe(true);
  });

  it('streams 200 MB in constant memory', async () => {
    const noise = new Uint8Array(1_000_000).map((_, i) => i * 31);
    async function* source() {
      yield bytesOf('RIFF', u32(0), 'WAVE', fmt(1, 2, 48_000, 16), 'data', u32(0));
      for (let i = 0; i < 200; i++) yield noise;
    }
    const before = process.memoryUsage();
    let samples = 0;
    let peakBytes = 0;
    let largestBlock = 0;
    for await (const block of (await openWav(source())).blocks()) {
      samples += block[0]!.length;
      largestBlock = Math.max(largestBlock, block[0]!.length);
      if (samples % 100 === 0) {
        const now = process.memoryUsage();
        peakBytes = Math.max(
          peakBytes,
          now.arrayBuffers + now.heapUsed - before.arrayBuffers - before.heapUsed,
        );
      }
    }
    expect(samples).toBe(50_000_000);
    expect(largestBlock).toBeLessThanOrEqual(16_384);
    expect(peakBytes).toBeLessThan(100e6);
  });
});

describe('refusals', () => {
  const data = chunk('data', pcm16(1, 2, 3, 4));

  it.each<[string, Uint8Array, Partial<CodecError['parts']>]>([
    ['an empty source', new Uint8Array(0), { found: 'no bytes' }],
    ['something else', Buffer.from('fLaC and so on and on'), { found: 'no RIFF/WAVE header' }],
    ['no chunks', riff(), { found: 'the end of the file', expected: 'a fmt chunk' }],
    ['no data chunk', riff(fmt(1, 1, 8000, 16)), { expected: 'a data chunk' }],
    ['data before fmt', riff(data, fmt(1, 1, 8000, 16)), { expected: 'fmt first' }],
    ['zeros for chunks', riff(new Uint8Array(1e6)), { found: 'no chunk name at byte 12' }],
    [
      'too many chunks',
      riff(...Array<Buffer>(5000).fill(chunk('JUNK', new Uint8Array(0)))),
      { expected: 'a data chunk' },
    ],
    ['0 channels', riff(fmt(1, 0, 8000, 16), data), { found: '0 channels' }],
    ['65535 channels', riff(fmt(1, 65_535, 8000, 8), data), { found: '65535 channels' }],
    ['0 Hz', riff(fmt(1, 1, 0, 16), data), { found: 'a sample rate of 0 Hz' }],
    ['block align', riff(fmt(1, 2, 8000, 16, 2), data), { found: '2 bytes per frame' }],
    ['0 bits', riff(fmt(1, 1, 8000, 0), data), { found: 'format 0x0001 with 0 bits per sample' }],
    ['40 bits', riff(fmt(1, 1, 8000, 40), data), { found: 'format 0x0001 with 40 bits per sample' }],
    ['A-law', riff(fmt(6, 1, 8000, 8), data), { found: 'format 0x0006 with 8 bits per sample' }],
    ['a short fmt', riff(chunk('fmt ', new Uint8Array(8)), data), { found: 'a fmt chunk of 8 bytes' }],
    ['a short ds64', riff(chunk('ds64', new Uint8Array(8)), data), { found: 'a ds64 chunk of 8 bytes' }],
  ])('%s', async (_name, bytes, parts) => {
    await expect(decode(bytes, {}, 4096)).rejects.toEqual(refusal(parts));
  });

  it('a file shorter than its header says, unless tolerated', async () => {
    const wav = riff(fmt(1, 1, 8000, 16), chunk('data', pcm16(1, 2, 3), 1000));
    const parts = { found: '6 bytes of samples', expected: '1000 bytes' };
    await expect(decode(wav)).rejects.toEqual(refusal(parts));
    expect((await decode(wav, { tolerateDamage: true }))[0]).toHaveLength(3);
    const path = join(folder, 'short.wav');
    await writeFile(path, wav);
    await expect(openWav(path)).rejects.toEqual(refusal(parts));
    const tolerant = await openWav(path, { tolerateDamage: true });
    expect(tolerant.lengthSamples).toBe(3);
    await tolerant.close();
  });

  it('a stream without a size that stops inside a frame', async () => {
    const wav = bytesOf('RIFF', u32(0), 'WAVE', fmt(1, 2, 8000, 16), 'data', u32(0), pcm16(1, 2, 3));
    await expect(decode(wav)).rejects.toEqual(refusal({ found: '6 bytes of samples', expected: '8 bytes' }));
    expect(await decode(wav, { tolerateDamage: true })).toEqual([
      Float32Array.of(1 / 32_768),
      Float32Array.of(2 / 32_768),
    ]);
  });

  it('a path that is absent, a directory', async () => {
    await expect(openWav(join(folder, 'none.wav'))).rejects.toEqual(refusal({ found: 'no such file' }));
    await expect(openWav(folder)).rejects.toEqual(refusal({ found: 'a directory' }));
  });

  it('a stream of text, a stream that fails', async () => {
    const text = (async function* () {
      yield 'RIFF' as unknown as Uint8Array;
    })();
    await expect(openWav(text)).rejects.toMatchObject({ code: 'bad-argument' });
    const broken = (async function* () {
      yield Buffer.from('RIFF');
      throw new Error('connection lost');
    })();
    await expect(openWav(broken)).rejects.toEqual(refusal({ found: 'connection lost' }));
  });
});

describe('fuzz: decodes or throws CodecError, with little memory', () => {
  const valid = riff(
    chunk('LIST', Uint8Array.of(1, 2, 3)),
    fmt(1, 2, 44_100, 24),
    chunk(
      'data',
      new Uint8Array(600).map((_, i) => i),
    ),
  );
  const survives = async (bytes: Uint8Array, pieceBytes: number) => {
    const before = process.memoryUsage().arrayBuffers;
    try {
      await decode(bytes, {}, pieceBytes);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4e6);
  };

  it('random bytes', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 99 }), survives),
    ));

  it('random bytes behind a RIFF header', () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 99 }), (bytes, piece) =>
        survives(bytesOf('RIFF', u32(bytes.length), 'WAVE', 'fmt ', bytes), piece),
      ),
    ));

  it('a valid file, mutated and cut', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 6 }),
        fc.nat(valid.length),
        fc.integer({ min: 1, max: 700 }),
        async (edits, length, piece) => {
          const bytes = Uint8Array.from(valid);
          for (const [at, value] of edits) bytes[at] = value;
          await survives(bytes.subarray(0, length), piece);
        },
      ),
      { numRuns: 500 },
    ));
});

describe.skipIf(!existsSync(golden))('golden (skipped where ../shared/golden is absent)', () => {
  it('reads as libsndfile did for the reference', async () => {
    const stream = await openWav(join(golden, 'input.wav'));
    const expected = readFileSync(join(golden, 'input.f32'));
    expect(stream).toMatchObject({ sampleRateHz: 24_000, channels: 1, lengthSamples: 48_000 });
    const [samples] = await collectBlocks(stream);
    expect(Buffer.compare(Buffer.from(samples!.buffer), expected)).toBe(0);
  });
});
