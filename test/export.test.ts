import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../src/core/rng.ts';
import type { AudioSignal } from '../src/core/signal.ts';
import { Codec } from '../src/recipe/codec.ts';
import { exportRecipe } from '../src/recipe/export.ts';
import { randomWeights } from './cli/fixtures.ts';
import { maxAbsDifference } from './golden/shared.ts';

// Recipes of all framings, small and with random weights.
const SIZES = 'encoder: { nFilters: 2 }\ndecoder: { nFilters: 2 }\nlatent: { dimension: 8 }\n';
const RECIPES = {
  mono: `extends: encodec-24k\n${SIZES}`,
  // Padding of all kinds, and no LSTM.
  odd: 'extends: encodec-24k\nsignal: { sampleRateHz: 8000, channels: 2 }\nlatent: { dimension: 8 }\nencoder: &e { nFilters: 2, ratios: [5, 3], lstmLayers: 0, residualLayers: 2, kernelSize: 5 }\ndecoder: *e\nbitrates: { kbps: [40], default: 40 }\n',
  segments: `extends: encodec-48k\n${SIZES}framing: { lengthSeconds: 0.2 }\n`,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'export-'));
  for (const [name, text] of Object.entries(RECIPES)) {
    const file = path.join(folder, `${name}.yaml`);
    writeFileSync(file, `${text}weights: ${name}.safetensors\n`);
    writeFileSync(path.join(folder, `${name}.safetensors`), randomWeights(file, 1));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function noise(
  { sampleRateHz, channels }: { sampleRateHz: number; channels: number },
  length: number,
): AudioSignal {
  const rng = new Rng(length);
  const planar = Array.from({ length: channels }, () =>
    Float32Array.from({ length }, () => rng.uniform() - 0.5),
  );
  return { kind: 'audio', sampleRateHz, channels: planar };
}

// What follows is a program that knows of nothing but the runtime and the files.

type Port = { name: string; dtype: 'float32' | 'int32'; shape: (number | string)[] };
type Graph = {
  file: string;
  inputs: Port[];
  states: { input: string; output: string }[];
  minimumFrames: number;
};
interface Manifest {
  channels: number;
  hopLength: number;
  codebooks: number;
  framing: { kind: string; frames: number; samples: number; lengthSamples: number; strideSamples: number };
  encoder: Graph;
  decoder: Graph;
}

async function openExport(directory: string) {
  const manifest: Manifest = JSON.parse(readFileSync(path.join(directory, 'manifest.json'), 'utf8'));
  const open = async (graph: Graph) => {
    const session = await InferenceSession.create(path.join(directory, graph.file));
    const zeros = (): Record<string, Tensor> =>
      Object.fromEntries(
        graph.states.map(({ input }) => {
          const shape = graph.inputs.find(({ name }) => name === input)!.shape as number[];
          return [input, new Tensor('float32', new Float32Array(shape.reduce((a, b) => a * b, 1)), shape)];
        }),
      );
    const next = (results: InferenceSession.OnnxValueMapType) =>
      Object.fromEntries(graph.states.map(({ input, output }) => [input, results[output] as Tensor]));
    return { session, zeros, next };
  };
  return { manifest, encoder: await open(manifest.encoder), decoder: await open(manifest.decoder) };
}

type Open = Awaited<ReturnType<typeof openExport>>;

const audioOf = (values: Float32Array, channels: number) =>
  new Tensor('float32', values, [1, values.length / channels, channels]);

function interleaved(planar: readonly Float32Array[], from = 0, to = planar[0]!.length): Float32Array {
  const values = new Float32Array((to - from) * planar.length);
  for (let t = from; t < to; t++) {
    for (const [c, samples] of planar.entries()) values[(t - from) * planar.length + c] = samples[t]!;
  }
  return values;
}

/** The whole signal in one run. */
async function wholeCodes({ manifest, encoder }: Open, planar: readonly Float32Array[]): Promise<Tensor> {
  return (await encoder.session.run({ audio: audioOf(interleaved(planar), manifest.channels) }))
    .codes as Tensor;
}

async function wholeAudio({ decoder }: Open, codes: Tensor): Promise<Float32Array> {
  return (await decoder.session.run({ codes })).audio!.data as Float32Array;
}

/** Runs a graph over chunks: each input is filled up to a chunk, each result cut to what was valid. */
async function inChunks(
  { session, zeros, next }: Open['encoder'],
  total: number,
  size: number,
  input: (from: number, to: number) => Record<string, Tensor>,
  take: (results: InferenceSession.OnnxValueMapType, valid: number) => void,
): Promise<void> {
  const int = (value: number) => new Tensor('int32', Int32Array.of(value), [1]);
  let state = zeros();
  for (let from = 0; from < total; from += size) {
    const to = Math.min(total, from + size);
    const place = { valid: int(to - from), first: int(from === 0 ? 1 : 0), last: int(to === total ? 1 : 0) };
    const feeds = { ...input(from, to), ...state, ...place };
    const results = await session.run(feeds);
    state = next(results);
    take(results, to - from);
  }
}

async function chunkedCodes(
  { manifest, encoder }: Open,
  planar: readonly Float32Array[],
): Promise<number[][]> {
  const { channels, hopLength, framing, codebooks } = manifest;
  const rows: number[][] = Array.from({ length: codebooks }, () => []);
  await inChunks(
    encoder,
    planar[0]!.length,
    framing.samples,
    (from, to) => {
      const chunk = new Float32Array(framing.samples * channels);
      chunk.set(interleaved(planar, from, to));
      return { audio: audioOf(chunk, channels) };
    },
    ({ codes }, valid) => {
      const data = codes!.data as Int32Array;
      const frames = Math.ceil(valid / hopLength);
      for (const [q, row] of rows.entries())
        row.push(...data.subarray(q * framing.frames, q * framing.frames + frames));
    },
  );
  return rows;
}

async function chunkedAudio({ manifest, decoder }: Open, rows: readonly number[][]): Promise<number[]> {
  const { channels, hopLength, framing, codebooks } = manifest;
  const samples: number[] = [];
  await inChunks(
    decoder,
    rows[0]!.length,
    framing.frames,
    (from, to) => {
      const chunk = new Int32Array(codebooks * framing.frames);
      for (const [q, row] of rows.entries()) chunk.set(row.slice(from, to), q * framing.frames);
      return { codes: new Tensor('int32', chunk, [codebooks, framing.frames]) };
    },
    ({ audio }, valid) =>
      samples.push(...(audio!.data as Float32Array).subarray(0, valid * hopLength * channels)),
  );
  return samples;
}

// Compared with the package from here on.

async function exported(recipe: string, options: { frames?: number } = {}) {
  const directory = path.join(folder, `${path.parse(recipe).name}-${options.frames ?? 'any'}`);
  const manifest = await exportRecipe(recipe, directory, options);
  const open = await openExport(directory);
  expect(open.manifest).toEqual(JSON.parse(JSON.stringify(manifest)));
  return { open, codec: await Codec.load(recipe) };
}

describe('an exported codec in a program without the package', () => {
  for (const name of ['mono', 'odd']) {
    it(`${name}: signals of every length in one run`, async () => {
      const { open, codec } = await exported(path.join(folder, `${name}.yaml`));
      const { hopLength } = codec.parts.model;
      const lengths = [1, 2, hopLength - 1, hopLength, hopLength + 1, 3 * hopLength + 7, 7 * hopLength];
      for (const length of [...lengths, 7 * hopLength + 1, 20011]) {
        const signal = noise(codec.parts, length);
        const want = await codec.toCodes(signal);
        const codes = await wholeCodes(open, signal.channels);
        expect(codes.dims).toEqual([want.codebooks, want.frames]);
        expect(codes.data).toEqual(want.indices);
        const audio = await wholeAudio(open, codes);
        expect(maxAbsDifference(audio, interleaved((await codec.fromCodes(want)).channels))).toBeLessThan(
          1e-5,
        );
      }
    });

    it(`${name}: chunk after chunk`, async () => {
      const { open, codec } = await exported(path.join(folder, `${name}.yaml`), { frames: 9 });
      const { hopLength } = codec.parts.model;
      for (const length of [1, hopLength + 1, 9 * hopLength, 9 * hopLength + 1, 18 * hopLength - 1, 20011]) {
        const signal = noise(codec.parts, length);
        const want = await codec.toCodes(signal);
        const rows = await chunkedCodes(open, signal.channels);
        expect(rows.flat()).toEqual([...want.indices]);
        const audio = await chunkedAudio(open, rows);
        expect(maxAbsDifference(audio, interleaved((await codec.fromCodes(want)).channels))).toBeLessThan(
          1e-5,
        );
      }
    });
  }

  it('encodec-24k: the weights that ship', async () => {
    const { open, codec } = await exported('encodec-24k');
    const signal = noise(codec.parts, 30001);
    const want = await codec.toCodes(signal);
    const codes = await wholeCodes(open, signal.channels);
    expect(codes.data).toEqual(want.indices);
    const audio = await wholeAudio(open, codes);
    expect(maxAbsDifference(audio, (await codec.fromCodes(want)).channels[0]!)).toBeLessThan(1e-4);
  });

  it('segments: each by itself', async () => {
    const { open, codec } = await exported(path.join(folder, 'segments.yaml'));
    const { framing, channels, encoder } = open.manifest;
    expect(framing).toMatchObject({ kind: 'segment', lengthSamples: 9600, strideSamples: 9504 });
    // One segment, and a shorter one of whole frames: both fill a graph run of their own.
    for (const length of [9600, 320 * encoder.minimumFrames, 320 * 11]) {
      const signal = noise(codec.parts, length);
      const want = await codec.toCodes(signal);
      const { scale } = want.segments![0]!;
      const scaled = signal.channels.map((samples) => samples.map((value) => value / scale));
      const codes = await wholeCodes(open, scaled);
      const frames = length / 320;
      const rows = Array.from({ length: want.codebooks }, (_, q) =>
        want.indices.slice(q * want.frames, q * want.frames + frames),
      );
      expect([...(codes.data as Int32Array)]).toEqual(rows.flatMap((row) => [...row]));
      const audio = (await wholeAudio(open, codes)).map((value) => value * scale);
      const heard = (await codec.fromCodes(want)).channels.map((samples) => samples.slice(0, length));
      // The package fades segments into each other; where only one is, that changes nothing.
      const alone = Math.min(length, framing.strideSamples);
      expect(maxAbsDifference(audio.slice(0, alone * channels), interleaved(heard, 0, alone))).toBeLessThan(
        1e-4,
      );
    }
  });
});

describe('exporting', () => {
  it('keeps what is there unless forced, and leaves nothing half done', async () => {
    const directory = path.join(folder, 'kept');
    const recipe = path.join(folder, 'mono.yaml');
    await exportRecipe(recipe, directory, {});
    const before = readFileSync(path.join(directory, 'manifest.json'));
    await expect(exportRecipe(recipe, directory, { bitrateKbps: 3 })).rejects.toMatchObject({
      code: 'output-exists',
    });
    expect(readFileSync(path.join(directory, 'manifest.json'))).toEqual(before);
    expect(readdirSync(directory).sort()).toEqual(['decoder.onnx', 'encoder.onnx', 'manifest.json']);
    expect(await exportRecipe(recipe, directory, { bitrateKbps: 3, force: true })).toMatchObject({
      codebooks: 4,
    });
    expect(JSON.parse(readFileSync(path.join(directory, 'manifest.json'), 'utf8'))).toMatchObject({
      bitrateKbps: 3,
    });
  });

  it('refuses what cannot be', async () => {
    const to = path.join(folder, 'refused');
    const bad = (recipe: string, options: object) =>
      expect(exportRecipe(path.join(folder, recipe), to, options)).rejects;
    await bad('mono.yaml', { bitrateKbps: 7 }).toThrow(/no such bitrate/);
    await bad('mono.yaml', { frames: 3 }).toThrow(
      /chunks are too short for the layer .*: found 3 entries, expected more than 6/,
    );
    await bad('segments.yaml', { frames: 30 }).toThrow(/codes segments, each for itself/);
    writeFileSync(path.join(folder, 'file'), '');
    await expect(
      exportRecipe(path.join(folder, 'mono.yaml'), path.join(folder, 'file')),
    ).rejects.toMatchObject({
      code: 'bad-argument',
    });
  });
});
