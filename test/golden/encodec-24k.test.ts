import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { float32, type HostTensor, int32 } from '../../src/core/tensor.ts';
import { seanetDecoder } from '../../src/decoders/seanet.ts';
import { seanetEncoder } from '../../src/encoders/seanet.ts';
import { createEngine } from '../../src/engine/catalogue.ts';
import { type Engine, feedOf } from '../../src/engine/engine.ts';
import { ConstantParams } from '../../src/nn/params.ts';
import { type ChunkState, ChunkTimeline, WholeTimeline } from '../../src/nn/timeline.ts';
import { foldWeightNorm } from '../../src/nn/weight-norm.ts';
import { rvq } from '../../src/quantizers/rvq.ts';
import { readSafetensors } from '../../src/weights/safetensors.ts';
import { maxAbsDifference, readF32, readI32, shared, sharedMissing, timeMajor } from './shared.ts';

const file = (name: string) => shared('golden/encodec/tiny-24k', name);
const DIMENSION = 32;
const options = {
  channels: 1,
  dimension: DIMENSION,
  nFilters: 8,
  ratios: [8, 5, 4, 2],
  kernelSize: 7,
  lastKernelSize: 7,
  residualKernelSize: 3,
  residualLayers: 1,
  compress: 2,
  lstmLayers: 2,
  causal: true,
  norm: 'weight' as const,
};
const encoder = seanetEncoder(options);
const decoder = seanetDecoder(options);
const quantizer = rvq({ codebooks: 32, codebookSize: 1024, dimension: DIMENSION });
const HOP = encoder.hopLength;

describe.skipIf(sharedMissing)('EnCodec 24 kHz against the reference (tiny-24k)', () => {
  let weights: Map<string, HostTensor>;
  let tolerance: { latents: number; decoded: number };
  let input: Float32Array;

  beforeAll(() => {
    weights = readSafetensors(readFileSync(file('model.safetensors'))).tensors;
    tolerance = JSON.parse(readFileSync(file('case.json'), 'utf8')).how_to_compare.suggested_abs_tolerance;
    input = readF32(file('input.f32'));
  });

  const params = () => new ConstantParams(foldWeightNorm(weights));

  /** The whole signal in one graph. */
  async function encodeWhole(engine: Engine, samples: Float32Array, codebooks: number) {
    const graph = await engine.compile((io) => {
      const scope = { params: params(), time: new WholeTimeline() };
      const latents = encoder.encode(io.input('x', [1, samples.length, 1]) as tf.Tensor3D, scope);
      io.output('latents', latents);
      const frames = latents.shape[1];
      io.output('codes', quantizer.quantize(tf.reshape(latents, [frames, DIMENSION]), codebooks, scope));
    });
    const { latents, codes } = await graph.run(
      feedOf({ x: float32([1, samples.length, 1], samples.slice()) }),
    );
    return { latents: latents!.data as Float32Array, codes: codes!.data as Int32Array };
  }

  /** Chunk by chunk through one graph, state carried. */
  async function encodeChunked(
    engine: Engine,
    samples: Float32Array,
    codebooks: number,
    chunkFrames: number,
  ) {
    const capacity = chunkFrames * HOP;
    const time = new ChunkTimeline(capacity);
    const graph = await engine.compile((io) => {
      const scope = { params: params(), time: time.begin(io) };
      const latents = encoder.encode(io.input('x', [1, capacity, 1]) as tf.Tensor3D, scope);
      io.output('latents', latents);
      io.output('codes', quantizer.quantize(tf.reshape(latents, [chunkFrames, DIMENSION]), codebooks, scope));
    });
    const frames = Math.ceil(samples.length / HOP);
    const codes = new Int32Array(codebooks * frames);
    const latents = new Float32Array(frames * DIMENSION);
    let state: ChunkState = {};
    for (let offset = 0; offset < samples.length; offset += capacity) {
      const valid = Math.min(capacity, samples.length - offset);
      const x = new Float32Array(capacity);
      x.set(samples.subarray(offset, offset + valid));
      const place = { offset, valid, last: offset + valid === samples.length };
      const results = await graph.run(time.feed({ x: float32([1, capacity, 1], x) }, state, place));
      state = ChunkTimeline.next(results);
      const count = Math.ceil(valid / HOP);
      const from = offset / HOP;
      latents.set((results.latents!.data as Float32Array).subarray(0, count * DIMENSION), from * DIMENSION);
      for (let q = 0; q < codebooks; q++) {
        const row = (results.codes!.data as Int32Array).subarray(q * chunkFrames, q * chunkFrames + count);
        codes.set(row, q * frames + from);
      }
    }
    return { codes, latents };
  }

  async function decodeWhole(engine: Engine, codes: Int32Array, codebooks: number) {
    const frames = codes.length / codebooks;
    const graph = await engine.compile((io) => {
      const scope = { params: params(), time: new WholeTimeline() };
      const indices = io.input('codes', [codebooks, frames], 'int32') as tf.Tensor2D;
      const latents = tf.reshape(quantizer.dequantize(indices, scope), [1, frames, DIMENSION]) as tf.Tensor3D;
      io.output('latents', latents);
      io.output('audio', decoder.decode(latents, scope));
    });
    const { audio, latents } = await graph.run(feedOf({ codes: int32([codebooks, frames], codes.slice()) }));
    return { audio: audio!.data as Float32Array, latents: latents!.data as Float32Array };
  }

  for (const [kbps, codebooks] of [
    [1.5, 2],
    [6, 8],
    [24, 32],
  ] as const) {
    it(`${kbps} kbps: codes equal, latents and waveform within tolerance`, async () => {
      const engine = await createEngine('onnx');
      const want = readI32(file(`codes_${kbps}kbps.i32`));
      const { latents, codes } = await encodeWhole(engine, input, codebooks);
      expect(maxAbsDifference(latents, timeMajor(readF32(file('latents.f32')), DIMENSION))).toBeLessThan(
        tolerance.latents,
      );
      expect(codes).toEqual(want);
      const decoded = await decodeWhole(engine, want, codebooks);
      const quantized = timeMajor(readF32(file(`quantized_${kbps}kbps.f32`)), DIMENSION);
      expect(maxAbsDifference(decoded.latents, quantized)).toBeLessThan(tolerance.latents);
      expect(maxAbsDifference(decoded.audio, readF32(file(`decoded_${kbps}kbps.f32`)))).toBeLessThan(
        tolerance.decoded,
      );
    });
  }

  for (const length of [1, 319, 320, 321, 24001]) {
    it(`${length} samples: codes equal, waveform within tolerance`, async () => {
      const engine = await createEngine('onnx');
      const samples = input.subarray(0, length);
      const want = readI32(file(`codes_len${length}.i32`));
      const { codes, latents } = await encodeWhole(engine, samples, 8);
      expect(
        maxAbsDifference(latents, timeMajor(readF32(file(`latents_len${length}.f32`)), DIMENSION)),
      ).toBeLessThan(tolerance.latents);
      expect(codes).toEqual(want);
      const { audio } = await decodeWhole(engine, want, 8);
      expect(maxAbsDifference(audio, readF32(file(`decoded_len${length}.f32`)))).toBeLessThan(
        tolerance.decoded,
      );
      for (const chunkFrames of [8, 75]) {
        const chunked = await encodeChunked(engine, samples, 8, chunkFrames);
        expect(maxAbsDifference(chunked.latents, latents)).toBeLessThan(tolerance.latents);
        expect(chunked.codes).toEqual(want);
      }
    });
  }

  it('layer by layer, 321 samples', async () => {
    const engine = await createEngine('onnx');
    const tapped = async (
      run: (
        tap: (name: string, x: tf.Tensor3D) => void,
        io: import('../../src/engine/engine.ts').GraphIo,
      ) => void,
      feeds: Record<string, HostTensor>,
    ) => {
      const graph = await engine.compile((io) => run((name, x) => io.output(name, x), io));
      return graph.run(feedOf(feeds));
    };
    const latents = timeMajor(readF32(file('trace_decoder_input.f32')), DIMENSION);
    const outputs = {
      ...(await tapped(
        (tap, io) => {
          encoder.encode(io.input('x', [1, 321, 1]) as tf.Tensor3D, {
            params: params(),
            time: new WholeTimeline(),
            tap,
          });
        },
        { x: float32([1, 321, 1], input.slice(0, 321)) },
      )),
      ...(await tapped(
        (tap, io) => {
          decoder.decode(io.input('z', [1, 2, DIMENSION]) as tf.Tensor3D, {
            params: params(),
            time: new WholeTimeline(),
            tap,
          });
        },
        { z: float32([1, 2, DIMENSION], latents) },
      )),
    };
    const { layer_trace: trace } = JSON.parse(readFileSync(file('case.json'), 'utf8'));
    for (const { after, file: name } of [...trace.encoder, ...trace.decoder]) {
      const got = outputs[after]!;
      const want = timeMajor(readF32(file(name)), got.shape[2]!);
      expect(maxAbsDifference(got.data, want), after).toBeLessThan(tolerance.latents);
    }
  });

  it('on the second engine: same codes', async () => {
    const engine = await createEngine('tfjs-cpu');
    const samples = input.subarray(0, 321);
    const want = readI32(file('codes_len321.i32'));
    expect((await encodeWhole(engine, samples, 8)).codes).toEqual(want);
    expect((await encodeChunked(engine, samples, 8, 8)).codes).toEqual(want);
    const { audio } = await decodeWhole(engine, want, 8);
    expect(maxAbsDifference(audio, readF32(file('decoded_len321.f32')))).toBeLessThan(tolerance.decoded);
  });
});
