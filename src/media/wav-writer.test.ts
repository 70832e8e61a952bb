import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectBlocks, type SampleFormat } from './audio-stream.ts';
import { wavHeaderBytes } from './wav-header-write.ts';
import { openWav } from './wav-reader.ts';
import { BYTES_PER_SAMPLE } from './wav-samples.ts';
import { createWavWriter } from './wav-writer.ts';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wav-writer-'));
  path = join(folder, 'out.wav');
});
afterAll(() => rm(folder, { recursive: true }));

const shape = { sampleRateHz: 24_000, channels: 2, force: true };
const STEP: Record<SampleFormat, number> = { pcm16: 2 ** -15, pcm24: 2 ** -23, float32: 0 };

describe.each(['pcm16', 'pcm24', 'float32'] as const)('%s', (format) => {
  /** Values the format holds exactly. */
  const exact = fc
    .double({ min: -1, max: 1 - 2 ** -14, noNaN: true })
    .map((v) => (STEP[format] ? Math.round(v / STEP[format]) * STEP[format] + 0 : Math.fround(v)));
  const frames = fc.array(fc.tuple(exact, exact), { minLength: 1, maxLength: 50 });

  it('comes back exactly, from a path and from a pipe, length announced or not', () =>
    fc.assert(
      fc.asyncProperty(frames, fc.boolean(), fc.nat(50), async (samples, announced, split) => {
        const planar = [0, 1].map((c) => Float32Array.from(samples, (frame) => frame[c]!));
        const pipe = new PassThrough();
        for (const target of [path, pipe]) {
          const options = { ...shape, format, ...(announced && { lengthSamples: samples.length }) };
          const writer = await createWavWriter(target, options);
          await writer.write(planar.map((c) => c.subarray(0, split)));
          await writer.write(planar.map((c) => c.subarray(split)));
          expect(await writer.finish()).toEqual({ clippedSamples: 0 });
          const stream = await openWav(target === path ? path : pipe.end());
          if (announced || target === path) expect(stream.lengthSamples).toBe(samples.length);
          expect(await collectBlocks(stream)).toEqual(planar);
        }
      }),
      { numRuns: 40 },
    ));

  it('pads an odd number of bytes and counts it in the RIFF size', async () => {
    for (const lengthSamples of [undefined, 3]) {
      const options = { ...shape, channels: 1, format, ...(lengthSamples && { lengthSamples }) };
      const writer = await createWavWriter(path, options);
      await writer.write([Float32Array.of(0, 0.5, -0.5)]);
      await writer.finish();
      const file = await readFile(path);
      expect(file.length % 2).toBe(0);
      expect(file.readUInt32LE(4)).toBe(file.length - 8);
    }
  });
});

it('rounds to nearest, clips and counts', async () => {
  const writer = await createWavWriter(path, { ...shape, channels: 1 });
  await writer.write([Float32Array.of(0.4 / 32_768, 0.6 / 32_768, -0.6 / 32_768, 1, -1, 1.5, -7)]);
  expect(await writer.finish()).toEqual({ clippedSamples: 3 });
  const [samples] = await collectBlocks(await openWav(path));
  expect([...samples!].map((v) => v * 32_768)).toEqual([0, 1, -1, 32_767, -32_768, 32_767, -32_768]);
});

it('has the canonical 44-byte header when the length is announced', async () => {
  const writer = await createWavWriter(path, { ...shape, lengthSamples: 1 });
  await writer.write([Float32Array.of(0), Float32Array.of(0)]);
  await writer.finish();
  expect(await readFile(path)).toHaveLength(48);
});

it('from 4 GiB on the header is RF64, with 64-bit sizes', async () => {
  for (const lengthSamples of [2 ** 30 - 100, 2 ** 31 + 1]) {
    const dataBytes = lengthSamples * 2 * BYTES_PER_SAMPLE.pcm16;
    const header = wavHeaderBytes({ ...shape, format: 'pcm16' }, dataBytes, true);
    await writeFile(path, header);
    await truncate(path, header.length + dataBytes);
    const stream = await openWav(path);
    expect(stream.lengthSamples).toBe(lengthSamples);
    await stream.close();
    expect(Buffer.from(header).toString('latin1', 0, 4)).toBe(lengthSamples > 2 ** 30 ? 'RF64' : 'RIFF');
  }
  await rm(path);
});

it('waits for a slow reader', async () => {
  let held = 0;
  let most = 0;
  const slow = new Writable({
    highWaterMark: 1024,
    write(bytes: Uint8Array, _encoding, done) {
      held += bytes.length;
      most = Math.max(most, held, slow.writableLength);
      setTimeout(() => {
        held -= bytes.length;
        done();
      }, 1);
    },
  });
  const writer = await createWavWriter(slow, shape);
  await writer.write([new Float32Array(200_000), new Float32Array(200_000)]);
  await writer.finish();
  expect(most).toBe(65_536);
});

it('a closed pipe is a typed error', async () => {
  const pipe = new PassThrough();
  const writer = await createWavWriter(pipe, shape);
  pipe.destroy();
  await expect(writer.write([new Float32Array(1), new Float32Array(1)])).rejects.toMatchObject({
    code: 'bad-argument',
  });
});

it.each<[string, Parameters<typeof createWavWriter>[1], Float32Array[], string]>([
  ['NaN, with its position', shape, [Float32Array.of(0, Number.NaN), new Float32Array(2)], 'NaN at sample 1'],
  ['a missing channel', shape, [new Float32Array(2)], 'channels of 2 samples'],
  ['unequal channels', shape, [new Float32Array(2), new Float32Array(3)], 'channels of 2, 3 samples'],
  [
    'a length other than announced',
    { ...shape, lengthSamples: 5 },
    [new Float32Array(2), new Float32Array(2)],
    '2 samples',
  ],
  ['0 channels', { ...shape, channels: 0 }, [], '0 channels at 24000 Hz'],
  ['half a hertz', { ...shape, sampleRateHz: 0.5 }, [], '2 channels at 0.5 Hz'],
])('refuses %s and leaves nothing behind', async (_name, options, planar, found) => {
  const work = async () => {
    const writer = await createWavWriter(path, options);
    await writer.write(planar);
    await writer.finish();
  };
  await rm(path, { force: true });
  await expect(work()).rejects.toMatchObject({ name: 'CodecError', parts: { found } });
  expect(await readdir(folder)).toEqual([]);
});

const goldenWav = join(import.meta.dirname, '../../../shared/golden/encodec/tiny-24k/input.wav');
it.skipIf(!existsSync(goldenWav))(
  'rewrites the golden WAV byte for byte (skipped where it is absent)',
  async () => {
    const stream = await openWav(goldenWav);
    const { sampleRateHz, channels } = stream;
    const writer = await createWavWriter(path, {
      sampleRateHz,
      channels,
      lengthSamples: stream.lengthSamples!,
    });
    for await (const block of stream.blocks()) await writer.write(block);
    await writer.finish();
    expect(Buffer.compare(readFileSync(path), readFileSync(goldenWav))).toBe(0);
  },
);
