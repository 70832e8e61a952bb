import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shardFormatNames, shardFormats } from './formats/catalogue.ts';
import { type IntTypeName, intTypes, smallestInt } from './int-array.ts';
import { decodeNpy, encodeNpy } from './npy.ts';
import type { TokenRow } from './row.ts';

const END: Record<IntTypeName, number> = { uint8: 256, uint16: 65536, int32: 2 ** 31 };

/** Rows of any content, all of as many streams. */
const shards = fc
  .record({
    streams: fc.integer({ min: 1, max: 4 }),
    intType: fc.constantFrom<IntTypeName>('uint8', 'uint16', 'int32'),
    count: fc.integer({ min: 0, max: 5 }),
  })
  .chain(({ streams, intType, count }) => {
    const stream = (length: number) =>
      fc.array(fc.integer({ min: 0, max: END[intType] - 1 }), { minLength: length, maxLength: length });
    const row = fc.integer({ min: 1, max: 9 }).chain((length) =>
      fc.record(
        {
          id: fc.string({ minLength: 1 }),
          source: fc.string(),
          text: fc.string({ unit: 'binary' }),
          startSeconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
          endSeconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
          durationSeconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
          frames: fc.integer({ min: 0, max: 1e6 }),
          metadata: fc.record({ speaker: fc.string(), take: fc.integer() }),
          segments: fc.constant([{ frames: 3, scale: 0.25 }]),
          tokens: fc.array(stream(length), { minLength: streams, maxLength: streams }),
        },
        { requiredKeys: ['id', 'source', 'durationSeconds', 'frames', 'tokens'] },
      ),
    );
    return fc.record({
      rows: fc.array(row, { minLength: count, maxLength: count }),
      layout: fc.constant({ streams, intType, firstItem: 7000 }),
    });
  });

describe.each(shardFormatNames)('shards as %s', (name) => {
  const format = shardFormats[name];

  it('read as they were written', async () => {
    await fc.assert(
      fc.asyncProperty(shards, async ({ rows, layout }) => {
        const given = rows.map((row) => ({
          ...row,
          tokens: row.tokens.map((ids) => Int32Array.from(ids)),
        })) as TokenRow[];
        const files = await format.write(given, layout);
        expect(files[0]!.extension).toBe(format.extension);
        const found: TokenRow[] = [];
        const read = async (extension: string) => files.find((file) => file.extension === extension)!.bytes;
        for await (const row of format.read(read)) found.push(row);
        expect(found).toEqual(given.map((row) => JSON.parse(JSON.stringify(row, plainTokens), typedTokens)));
      }),
      { numRuns: 40 },
    );
  });

  it('are the same for the same rows', async () => {
    const rows = sample();
    const layout = { streams: 2, intType: 'uint16', firstItem: 0 } as const;
    expect(await format.write(rows, layout)).toEqual(await format.write(rows, layout));
  });
});

function plainTokens(_: string, value: unknown) {
  return value instanceof Int32Array ? Array.from(value) : value;
}

function typedTokens(key: string, value: unknown) {
  return key === 'tokens' ? (value as number[][]).map((ids) => Int32Array.from(ids)) : value;
}

function sample(): TokenRow[] {
  return [
    {
      id: 'a/b.c',
      source: 'b.c.wav',
      durationSeconds: 1.5,
      frames: 2,
      tokens: [Int32Array.of(1, 2, 1027), Int32Array.of(1027, 3, 4)],
    },
    {
      id: 'q',
      source: 'q.wav',
      text: 'größer',
      startSeconds: 0.5,
      durationSeconds: 0.25,
      frames: 1,
      tokens: [Int32Array.of(9, 1027), Int32Array.of(1027, 8)],
    },
  ];
}

describe('integers on disk', () => {
  it.each<[number, IntTypeName]>([
    [256, 'uint8'],
    [257, 'uint16'],
    [65536, 'uint16'],
    [65537, 'int32'],
  ])('ids below %i as %s', (end, type) => expect(smallestInt(end)).toBe(type));

  it('npy files that are none, or cut', () => {
    const whole = encodeNpy([2, 3], [1, 2, 3, 4, 5, 6], 'uint16');
    expect(whole.length % 64).toBe(12);
    expect(decodeNpy(whole, 'x')).toEqual({ shape: [2, 3], values: Int32Array.of(1, 2, 3, 4, 5, 6) });
    expect(() => decodeNpy(whole.subarray(0, -1), 'x')).toThrow('for shape 2 x 3');
    expect(() => decodeNpy(Buffer.from('RIFF'), 'x.npy')).toThrow('cannot read x.npy');
  });
});

const duckdb = await import('@duckdb/node-api').catch(() => undefined);
const numpy = spawnSync('python3', ['-c', 'import numpy'], { encoding: 'utf8' }).status === 0;

describe('read by others', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'formats-'));
  const layout = { streams: 2, intType: 'uint16', firstItem: 0 } as const;

  it.skipIf(!duckdb)(
    `parquet by DuckDB${duckdb ? '' : ' (skipped: @duckdb/node-api is not installed)'}`,
    async () => {
      const [{ bytes } = { bytes: new Uint8Array(0) }] = await shardFormats.parquet.write(sample(), layout);
      const file = path.join(folder, 'a.parquet');
      writeFileSync(file, bytes);
      const connection = await (await duckdb!.DuckDBInstance.create(':memory:')).connect();
      const rows = await connection.runAndReadAll(
        `select id, text, startSeconds, durationSeconds, frames, tokens, typeof(tokens) from '${file}' order by id`,
      );
      expect(rows.getRowsJson()).toEqual([
        [
          'a/b.c',
          null,
          null,
          1.5,
          2,
          [
            [1, 2, 1027],
            [1027, 3, 4],
          ],
          'USMALLINT[][]',
        ],
        [
          'q',
          'größer',
          0.5,
          0.25,
          1,
          [
            [9, 1027],
            [1027, 8],
          ],
          'USMALLINT[][]',
        ],
      ]);
      connection.closeSync();
    },
  );

  it.skipIf(!numpy)(`npy and tar by numpy${numpy ? '' : ' (skipped: no python3 with numpy)'}`, async () => {
    for (const name of ['npy', 'webdataset'] as const) {
      for (const { extension, bytes } of await shardFormats[name].write(sample(), layout)) {
        writeFileSync(path.join(folder, `${name}.${extension}`), bytes);
      }
    }
    for (const type of Object.keys(intTypes) as IntTypeName[]) {
      writeFileSync(path.join(folder, `${type}.npy`), encodeNpy([3], [1, 2, 255], type));
    }
    const script = `
import io, json, tarfile, numpy
a = numpy.load('npy.npy')
rows = [json.loads(line) for line in open('npy.jsonl', encoding='utf8')]
parts = [a[:, r['offset']:r['offset'] + r['length']].tolist() for r in rows]
tar = tarfile.open('webdataset.tar')
names = tar.getnames()
first = numpy.load(io.BytesIO(tar.extractfile(names[0]).read()))
text = tar.extractfile('000000001.txt').read().decode('utf8')
types = {t: str(numpy.load(t + '.npy').dtype) for t in ['uint8', 'uint16', 'int32']}
print(json.dumps([str(a.dtype), list(a.shape), parts, names, first.tolist(), text, types]))`;
    const { stdout, stderr } = spawnSync('python3', ['-c', script], { cwd: folder, encoding: 'utf8' });
    expect(stderr).toBe('');
    const keys = ['000000000.npy', '000000000.json', '000000001.npy', '000000001.json', '000000001.txt'];
    const tokens = sample().map((row) => row.tokens.map((ids) => Array.from(ids)));
    expect(JSON.parse(stdout)).toEqual([
      ...['uint16', [2, 5], tokens, keys, tokens[0], 'größer'],
      { uint8: 'uint8', uint16: 'uint16', int32: 'int32' },
    ]);
  });
});
