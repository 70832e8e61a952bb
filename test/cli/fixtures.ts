import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { Rng } from '../../src/core/rng.ts';
import type { AudioSignal, ImageSignal } from '../../src/core/signal.ts';
import { float32 } from '../../src/core/tensor.ts';
import { codebookName } from '../../src/quantizers/rvq.ts';
import { Codec } from '../../src/recipe/codec.ts';
import { freshWeights } from '../../src/recipe/fresh-weights.ts';
import { loadRecipe } from '../../src/recipe/load.ts';
import { buildStages } from '../../src/recipe/stages.ts';
import { writeSafetensors } from '../../src/weights/safetensors.ts';

/** A codec small enough to run in no time: what it does to sound is of no interest here. */
const TINY = `
extends: encodec-24k
name: tiny
latent: { dimension: 4 }
encoder: { nFilters: 2, lstmLayers: 1 }
decoder: { nFilters: 2, lstmLayers: 1 }
weights: tiny.safetensors
`;

/** A fresh folder for each test of a file, with tiny.yaml and its weights in it. Call it outside the tests. */
export function freshFolders(): () => string {
  let folder = '';
  let weights: Uint8Array | undefined;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'codec-cli-'));
    const recipe = path.join(folder, 'tiny.yaml');
    writeFileSync(recipe, TINY);
    weights ??= randomWeights(recipe, 1);
    writeFileSync(path.join(folder, 'tiny.safetensors'), weights);
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  return () => folder;
}

/** Random weights that fit a recipe file, as a safetensors file. */
export function randomWeights(recipe: string, seed: number): Uint8Array {
  const { encoder, quantizer } = buildStages(loadRecipe(recipe));
  const rng = new Rng(seed);
  const weights = freshWeights(loadRecipe(recipe), rng);
  const shape = [quantizer.codebookSize, encoder.dimension];
  for (let q = 0; q < quantizer.codebooks; q++) {
    const vectors = Float32Array.from({ length: shape[0]! * shape[1]! }, () => rng.normal());
    weights.set(codebookName(q), float32(shape, vectors));
  }
  return writeSafetensors(weights);
}

/** Opens the tiny codec in this process, which is quicker than the command. */
export async function withTiny<T>(
  folder: string,
  use: (tiny: Codec) => Promise<T>,
  set: readonly string[] = [],
): Promise<T> {
  const tiny = await Codec.load(path.join(folder, 'tiny.yaml'), { set });
  try {
    return await use(tiny);
  } finally {
    await tiny.dispose();
  }
}

/** Mono sound at the tiny codec's rate. */
export function mono(samples: Float32Array): AudioSignal {
  return { kind: 'audio', sampleRateHz: 24000, channels: [samples] };
}

export interface WavOptions {
  readonly sampleRateHz?: number;
  readonly channels?: number;
  readonly format?: 'pcm16' | 'float32';
}

/** A WAV file of interleaved samples, written by hand so that it may be wrong. */
export function wavBytes(samples: ArrayLike<number>, options: WavOptions = {}): Buffer {
  const { sampleRateHz = 24000, channels = 1, format = 'pcm16' } = options;
  const width = format === 'pcm16' ? 2 : 4;
  const data = Buffer.alloc(samples.length * width);
  for (let i = 0; i < samples.length; i++) {
    if (format === 'pcm16') data.writeInt16LE(Math.round(samples[i]! * 32767), 2 * i);
    else data.writeFloatLE(samples[i]!, 4 * i);
  }
  return Buffer.concat([wavHeader(data.length, { sampleRateHz, channels, format }), data]);
}

/** The 44 bytes before the samples. */
export function wavHeader(dataBytes: number, { sampleRateHz = 24000, channels = 1, format }: WavOptions) {
  const width = format === 'float32' ? 4 : 2;
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(Math.min(0xffffffff, dataBytes + 36), 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(format === 'float32' ? 3 : 1, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(sampleRateHz, 24);
  header.writeUInt32LE(sampleRateHz * channels * width, 28);
  header.writeUInt16LE(channels * width, 32);
  header.writeUInt16LE(width * 8, 34);
  header.write('data', 36);
  header.writeUInt32LE(dataBytes, 40);
  return header;
}

/** A chirp, loud enough to survive any codec. */
export function chirp(length: number): Float32Array {
  return Float32Array.from({ length }, (_, t) => 0.5 * Math.sin((t * (200 + t / 50)) / 24000));
}

/** A picture with something to code: blurred grey noise. */
export function picture(width: number, height: number, seed = 1): ImageSignal {
  const rng = new Rng(seed);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const left = data[i - 3] ?? 128;
    data[i] = i % 3 === 0 ? Math.max(0, Math.min(255, left + 12 * rng.normal())) : data[i - 1]!;
  }
  return { kind: 'image', width, height, channels: 3, data };
}

/** Names in a folder, in order. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder).sort();
}
