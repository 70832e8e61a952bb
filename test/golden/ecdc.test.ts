import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeEcdc, encodeEcdc } from '../../src/codec/ecdc.ts';
import { float32 } from '../../src/core/tensor.ts';
import { readAudio } from '../../src/media/audio-file.ts';
import { Codec } from '../../src/recipe/codec.ts';
import { readSafetensors, writeSafetensors } from '../../src/weights/safetensors.ts';
import { maxAbsDifference, readF32, shared, sharedMissing } from './shared.ts';

const file = (name: string) => shared('golden/encodec/ecdc', name);

interface Stream {
  readonly file: string;
  readonly model: string;
  readonly bandwidth_kbps: number;
  readonly use_lm: boolean;
  readonly audio_length: number;
  readonly decompressed: { readonly file: string };
  readonly lm_override?: object;
  /** Places of big-endian float32 scales in the file. */
  readonly scale_offsets: readonly number[];
}

/** The tiny reference models as recipes. `portable`: the language model whose probabilities are powers of two. */
const recipes: Record<string, (portable: boolean, folder: string) => string> = {
  'tiny-24k': (portable, folder) => `
extends: encodec-24k
latent: { dimension: 32 }
encoder: { nFilters: 8 }
decoder: { nFilters: 8 }
quantizer: { codebooks: 32 }
bitrates: { kbps: [1.5, 3, 6, 12, 24], default: 6 }
weights: ${shared('golden/encodec/tiny-24k/model.safetensors')}
ecdc:
  model: encodec_24khz
  languageModel: { weights: ${portable ? portableWeights('24k', folder) : file('lm-24k.safetensors')}, dimension: 12, layers: 2, heads: 4 }
`,
  'tiny-48k': (portable, folder) => `
extends: encodec-48k
latent: { dimension: 32 }
encoder: { nFilters: 8 }
decoder: { nFilters: 8 }
weights: ${shared('golden/encodec/tiny-48k/model.safetensors')}
ecdc:
  model: encodec_48khz
  languageModel: { weights: ${portable ? portableWeights('48k', folder) : file('lm-48k.safetensors')}, dimension: 12, layers: 2, heads: 4 }
`,
};

/** The language model with flat distributions over some symbols of each codebook, whatever came before. */
function portableWeights(which: string, folder: string): string {
  const { tensors } = readSafetensors(readFileSync(file(`lm-${which}.safetensors`)));
  const biases = readF32(file(`portable-lm-${which}_bias.f32`));
  for (const [name, { shape }] of [...tensors])
    if (/^linears\./.test(name)) tensors.set(name, float32(shape));
  for (let k = 0; k < 8; k++) {
    tensors.set(`linears.${k}.bias`, float32([1024], biases.slice(k * 1024, (k + 1) * 1024)));
  }
  writeFileSync(path.join(folder, `${which}.safetensors`), writeSafetensors(tensors));
  return `${which}.safetensors`;
}

async function load(model: string, portable = false): Promise<Codec> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'golden-ecdc-'));
  writeFileSync(path.join(folder, `${model}.yaml`), recipes[model]!(portable, folder));
  return Codec.load(path.join(folder, `${model}.yaml`));
}

function assertSound(channels: readonly Float32Array[], { audio_length, decompressed }: Stream): void {
  const want = readF32(file(decompressed.file));
  const stored = want.length / channels.length;
  for (const [c, samples] of channels.entries()) {
    expect(samples.length).toBe(audio_length);
    const expected = want.slice(c * stored, c * stored + audio_length);
    expect(maxAbsDifference(samples, expected)).toBeLessThan(2e-5);
  }
}

async function soundOf(stream: Pick<Stream, 'model' | 'audio_length'>) {
  const whole = await readAudio(shared('golden/encodec', stream.model, 'input.wav'));
  return { ...whole, channels: whole.channels.map((samples) => samples.slice(0, stream.audio_length)) };
}

const streams: Stream[] = sharedMissing ? [] : JSON.parse(readFileSync(file('case.json'), 'utf8')).streams;
const exact = streams.filter((each) => each.model in recipes && (!each.use_lm || each.lm_override));

describe.skipIf(sharedMissing)("the reference's .ecdc files", () => {
  const codecs = new Map<string, Codec>();
  const codecFor = async ({ model, lm_override }: Stream) => {
    const key = `${model} ${lm_override !== undefined}`;
    if (!codecs.has(key)) codecs.set(key, await load(model, lm_override !== undefined));
    return codecs.get(key)!;
  };
  afterAll(async () => {
    for (const codec of codecs.values()) await codec.dispose();
  });

  it.each(
    exact.map((stream) => [stream.file, stream] as const),
  )('%s: written byte for byte but for the last bits of scales', async (name, stream) => {
    const codec = await codecFor(stream);
    const options = { bitrateKbps: stream.bandwidth_kbps, languageModel: stream.use_lm };
    const bytes = await encodeEcdc(codec, await soundOf(stream), options);
    const [got, want] = [Buffer.from(bytes), readFileSync(file(name))];
    for (const at of stream.scale_offsets) {
      expect(got.readFloatBE(at) / want.readFloatBE(at)).toBeCloseTo(1, 6);
      want.copy(got, at, at, at + 4);
    }
    expect(got.equals(want)).toBe(true);
  });

  it.each(exact.map((stream) => [stream.file, stream] as const))('%s: decoded', async (name, stream) => {
    const codec = await codecFor(stream);
    const { channels } = await decodeEcdc(codec, readFileSync(file(name)));
    const want = readF32(file(stream.decompressed.file));
    const stored = want.length / channels.length;
    for (const [c, samples] of channels.entries()) {
      expect(samples.length).toBe(stream.audio_length);
      const expected = want.slice(c * stored, c * stored + stream.audio_length);
      expect(maxAbsDifference(samples, expected)).toBeLessThan(2e-5);
    }
  });

  it.each(
    streams
      .filter((each) => each.use_lm && !each.lm_override)
      .map((stream) => [stream.file, stream] as const),
  )('%s: ours decodes to the same sound, through the language model too', async (name, stream) => {
    const codec = await codecFor(stream);
    const options = { bitrateKbps: stream.bandwidth_kbps, languageModel: true };
    const bytes = await encodeEcdc(codec, await soundOf(stream), options);
    // Not the same bytes: see portability in case.json. But as good a prediction.
    expect(Math.abs(bytes.length - readFileSync(file(name)).length)).toBeLessThan(3);
    const { channels } = await decodeEcdc(codec, bytes);
    assertSound(channels, stream);
  });

  it('files with a float language model, written on another machine: refused, not decoded to noise', async () => {
    const foreign = streams.filter((each) => each.use_lm && !each.lm_override);
    let refused = 0;
    for (const stream of foreign) {
      const codec = await codecFor(stream);
      const outcome = await decodeEcdc(codec, readFileSync(file(stream.file))).catch((error) => error.code);
      if (outcome === 'bad-container') refused++;
    }
    // That the number of bytes gives it away is likely for each file, and all but certain for most of them.
    expect(refused).toBeGreaterThan(foreign.length / 2);
  });
});
