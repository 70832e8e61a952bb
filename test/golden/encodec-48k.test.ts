import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concatFrames } from '../../src/core/codes.ts';
import type { AudioSignal } from '../../src/core/signal.ts';
import { float32 } from '../../src/core/tensor.ts';
import { createEngine } from '../../src/engine/catalogue.ts';
import { readAudio } from '../../src/media/audio-file.ts';
import { ConstantParams } from '../../src/nn/params.ts';
import { WholeTimeline } from '../../src/nn/timeline.ts';
import { Codec } from '../../src/recipe/codec.ts';
import { maxAbsDifference, readF32, readI32, shared, sharedMissing, timeMajor } from './shared.ts';

const file = (name: string) => shared('golden/encodec/tiny-48k', name);
const DIMENSION = 32;

interface Expected {
  readonly bandwidth_kbps: number;
  readonly files: Readonly<Record<'codes' | 'latents' | 'quantized', readonly string[]>> & {
    readonly scales: string;
    readonly decoded: string;
  };
  readonly decoded_samples_before_trim: number;
}

describe.skipIf(sharedMissing)('EnCodec 48 kHz against the reference (tiny-48k)', () => {
  let codec: Codec;
  let recipe: string;
  let input: AudioSignal;
  let expected: { outputs: Record<string, Expected>; odd_lengths: Record<string, Expected> };
  let tolerance: { latents: number; decoded: number };
  let trace: { encoder: { after: string; file: string }[]; decoder: { after: string; file: string }[] };

  beforeAll(async () => {
    recipe = path.join(mkdtempSync(path.join(os.tmpdir(), 'golden-')), 'tiny-48k.yaml');
    writeFileSync(
      recipe,
      `extends: encodec-48k
latent: { dimension: 32 }
encoder: { nFilters: 8 }
decoder: { nFilters: 8 }
weights: ${file('model.safetensors')}
`,
    );
    codec = await Codec.load(recipe);
    input = await readAudio(file('input.wav'), { sampleRateHz: 48000, channels: 2 });
    const { how_to_compare, layer_trace, ...rest } = JSON.parse(readFileSync(file('case.json'), 'utf8'));
    tolerance = how_to_compare.suggested_abs_tolerance;
    trace = layer_trace;
    expected = rest;
  });
  afterAll(() => codec.dispose());

  const head = (length: number): AudioSignal => ({
    ...input,
    channels: input.channels.map((samples) => samples.slice(0, length)),
  });

  async function check(of: Codec, signal: AudioSignal, want: Expected): Promise<void> {
    const bitrateKbps = want.bandwidth_kbps;
    const codes = await of.toCodes(signal, { bitrateKbps });
    const blocks = want.files.codes.map((name) => {
      const indices = readI32(file(name));
      return {
        indices,
        codebooks: codes.codebooks,
        frames: indices.length / codes.codebooks,
        codebookSize: 1024,
      };
    });
    expect(codes.indices).toEqual(concatFrames(blocks, codes).indices);
    expect(codes.segments!.map(({ frames }) => frames)).toEqual(blocks.map(({ frames }) => frames));
    const scales = readF32(file(want.files.scales));
    expect(
      maxAbsDifference(
        codes.segments!.map(({ scale }) => scale),
        scales,
      ),
    ).toBeLessThan(1e-6);

    const decoded = readF32(file(want.files.decoded));
    const heard = await of.fromCodes(codes);
    expect(heard.channels[0]!.length).toBe(want.decoded_samples_before_trim);
    const planar = [0, 1].map((c) =>
      decoded.subarray(c * want.decoded_samples_before_trim, (c + 1) * want.decoded_samples_before_trim),
    );
    for (const [c, samples] of heard.channels.entries()) {
      expect(maxAbsDifference(samples, planar[c]!)).toBeLessThan(tolerance.decoded);
    }
    const length = signal.channels[0]!.length;
    const filed = await of.decode(await of.encode(signal, { bitrateKbps }));
    for (const [c, samples] of filed.channels.entries()) {
      expect(maxAbsDifference(samples, planar[c]!.slice(0, length))).toBeLessThan(tolerance.decoded);
    }
  }

  for (const kbps of [3, 12]) {
    it(`${kbps} kbps: codes, scales and waveform, in memory and through a file`, async () => {
      await check(codec, input, expected.outputs[kbps]!);
    });
  }

  for (const length of [1, 319, 321, 47521]) {
    it(`${length} samples: codes, scales and waveform`, async () => {
      await check(codec, head(length), expected.odd_lengths[length]!);
    });
  }

  it('321 samples on the second engine', async () => {
    const other = await Codec.load(recipe, { engine: 'tfjs-cpu' });
    await check(other, head(321), expected.odd_lengths[321]!);
    await other.dispose();
  });

  it('latents and quantized latents of each segment', async () => {
    const { encoder, quantizer, weights } = codec.parts.model.parts;
    const engine = await createEngine('onnx');
    const want = expected.outputs[12]!;
    const scales = readF32(file(want.files.scales));
    for (const [i, name] of want.files.latents.entries()) {
      const [from, to] = [i * 47520, Math.min(129600, i * 47520 + 48000)];
      const x = new Float32Array(2 * (to - from));
      for (let t = from; t < to; t++) {
        for (let c = 0; c < 2; c++) x[2 * (t - from) + c] = input.channels[c]![t]! / scales[i]!;
      }
      const latents = timeMajor(readF32(file(name)), DIMENSION);
      const quantized = timeMajor(readF32(file(want.files.quantized[i]!)), DIMENSION);
      const frames = latents.length / DIMENSION;
      const graph = await engine.compile((io) => {
        const scope = { params: new ConstantParams(weights), time: new WholeTimeline() };
        io.output('z', encoder.encode(io.input('x', [1, to - from, 2]) as tf.Tensor3D, scope));
        io.output('q', quantizer.dequantize(io.input('codes', [8, frames], 'int32') as tf.Tensor2D, scope));
      });
      const codes = readI32(file(want.files.codes[i]!));
      const { z, q } = await graph.run((port) =>
        port === 'x' ? float32([1, to - from, 2], x) : { dtype: 'int32', shape: [8, frames], data: codes },
      );
      expect(maxAbsDifference(z!.data, latents)).toBeLessThan(tolerance.latents);
      expect(maxAbsDifference(q!.data, quantized)).toBeLessThan(tolerance.latents);
      await graph.dispose();
    }
  });

  it('layer by layer, 321 samples', async () => {
    const { encoder, decoder, weights } = codec.parts.model.parts;
    const engine = await createEngine('onnx');
    const x = timeMajor(readF32(file('trace_encoder_input.f32')), 2);
    const z = timeMajor(readF32(file('trace_decoder_input.f32')), DIMENSION);
    const graph = await engine.compile((io) => {
      const scope = {
        params: new ConstantParams(weights),
        time: new WholeTimeline(),
        tap: (name: string, h: tf.Tensor3D) => io.output(name, h),
      };
      encoder.encode(io.input('x', [1, x.length / 2, 2]) as tf.Tensor3D, scope);
      decoder.decode(io.input('z', [1, z.length / DIMENSION, DIMENSION]) as tf.Tensor3D, scope);
    });
    const outputs = await graph.run((name, { shape }) => float32(shape, name === 'x' ? x : z));
    for (const { after, file: name } of [...trace.encoder, ...trace.decoder]) {
      const got = outputs[after]!;
      expect(maxAbsDifference(got.data, timeMajor(readF32(file(name)), got.shape[2]!)), after).toBeLessThan(
        tolerance.latents,
      );
    }
  });

  it('codes do not depend on how the samples arrive', async () => {
    const want = await codec.toCodes(input, { bitrateKbps: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 90000 }), { minLength: 1, maxLength: 8 }),
        async (cuts) => {
          const encoder = codec.parts.framing.encoder(codec.parts.model, 2);
          const blocks = [];
          for (let at = 0, i = 0; at < 129600; i++) {
            const to = at + cuts[i % cuts.length]!;
            blocks.push(...(await encoder.push(input.channels.map((samples) => samples.slice(at, to)))));
            at = to;
          }
          blocks.push(...(await encoder.end()));
          expect(concatFrames(blocks, want)).toEqual(want);
        },
      ),
      { numRuns: 8, seed: 1 },
    );
  });
});
