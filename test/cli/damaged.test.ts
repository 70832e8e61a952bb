import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { MAGIC, VERSION } from '../../src/bitstream/container.ts';
import { readAudio } from '../../src/media/audio-file.ts';
import { codec, failureOf } from './command.ts';
import { chirp, freshFolders, mono, namesIn, randomWeights, withTiny } from './fixtures.ts';

const CHUNK_FRAMES = 16;
const HOP = 320;
const CHUNKS = 8;
const CHUNK_SAMPLES = CHUNK_FRAMES * HOP;
/** The last chunk is not full. */
const LENGTH = CHUNKS * CHUNK_SAMPLES - 1000;

const folder = freshFolders();
const inFolder = (name: string) => path.join(folder(), name);
const tiny = ['--recipe', 'tiny.yaml'];

let intact: Buffer;
let clean: Float32Array;
// Every folder has the same weights, so the first serves for all.
beforeEach(async () => {
  if (intact) return;
  await withTiny(
    folder(),
    async (made) => {
      intact = Buffer.from(await made.encode(mono(chirp(LENGTH))));
      clean = (await made.decode(intact)).channels[0]!;
    },
    [`chunk.fileFrames=${CHUNK_FRAMES}`],
  );
});

/** A place well inside a chunk: all but the last are of one size, headers are short. */
function inside(chunk: number): number {
  return Math.round(((chunk + 0.6) * intact.length) / (CHUNKS - 0.1));
}

function flipped(at: number): Buffer {
  const bytes = Buffer.from(intact);
  bytes[at]! ^= 4;
  return bytes;
}

describe('codec decode of a damaged file fails and writes nothing', () => {
  it.each([
    { what: 'truncated', damage: () => intact.subarray(0, inside(5)), says: /truncated.*--best-effort/ },
    { what: 'bit flipped', damage: () => flipped(inside(5)), says: /damaged.*--best-effort/ },
    { what: 'bit of the header flipped', damage: () => flipped(MAGIC.length + 4), says: /header/ },
    {
      what: 'newer version',
      damage: () => Buffer.concat([MAGIC, Buffer.of(VERSION + 1), intact.subarray(MAGIC.length + 1)]),
      says: new RegExp(`version ${VERSION + 1}.*Update`),
    },
  ])('$what', async ({ damage, says }) => {
    writeFileSync(inFolder('in.codec'), damage());
    const before = namesIn(folder());
    expect(failureOf(await codec(folder(), 'decode', 'in.codec', ...tiny))).toMatch(says);
    expect(namesIn(folder())).toEqual(before);
  });

  it('made with other weights: names the recipe and both fingerprints', async () => {
    writeFileSync(inFolder('in.codec'), intact);
    writeFileSync(inFolder('tiny.safetensors'), randomWeights(inFolder('tiny.yaml'), 2));
    const before = namesIn(folder());
    const line = failureOf(await codec(folder(), 'decode', 'in.codec', ...tiny));
    expect(line).toMatch(/tiny.*[0-9a-f]{16}.*[0-9a-f]{16}/);
    expect(namesIn(folder())).toEqual(before);
  });
});

describe('codec decode --best-effort', () => {
  const decode = async (bytes: Buffer) => {
    writeFileSync(inFolder('in.codec'), bytes);
    const args = ['-o', 'out.wav', '--format', 'float32', '--best-effort', '--json'];
    const { status, stdout, stderr } = await codec(folder(), 'decode', 'in.codec', ...tiny, ...args);
    expect(status).toBe(0);
    const [samples] = (await readAudio(inFolder('out.wav'))).channels;
    return { report: JSON.parse(stdout.toString()), stderr, samples: samples! };
  };

  it('decodes the intact chunks, makes silence of the rest and tells which', async () => {
    const { report, stderr, samples } = await decode(flipped(inside(3)));
    expect(report).toMatchObject({ missingChunks: [3], complete: true, durationSeconds: LENGTH / 24000 });
    expect(report.damages).toHaveLength(1);
    expect(stderr).toMatch(/^codec: .*\b3\b.*\n$/);
    expect(samples.length).toBe(LENGTH);
    const [from, to] = [3 * CHUNK_SAMPLES, 4 * CHUNK_SAMPLES];
    expect(samples.subarray(0, from)).toEqual(clean.subarray(0, from));
    expect(samples.subarray(from, to)).toEqual(new Float32Array(CHUNK_SAMPLES));
    // Decoding starts afresh after a gap: there is sound again, though not the very same at first.
    expect(samples.subarray(to).some((v) => v !== 0)).toBe(true);
  });

  it('decodes what there is of a truncated file', async () => {
    const { report, stderr, samples } = await decode(intact.subarray(0, inside(5)));
    expect(report).toMatchObject({ complete: false });
    expect(stderr).toMatch(/^codec: .+\n$/);
    expect(samples.length).toBe(5 * CHUNK_SAMPLES);
    expect(samples.subarray(0, 4 * CHUNK_SAMPLES)).toEqual(clean.subarray(0, 4 * CHUNK_SAMPLES));
  });

  it('changes nothing about an intact file, and says nothing', async () => {
    const { report, stderr, samples } = await decode(intact);
    expect(report).toMatchObject({ missingChunks: [], damages: [], complete: true });
    expect(stderr).toBe('');
    expect(samples).toEqual(clean);
    expect(readFileSync(inFolder('in.codec'))).toEqual(intact);
  });
});
