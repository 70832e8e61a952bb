import type * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import type { Scope } from '../core/stages.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import { logMel } from '../features/log-mel.ts';
import { type ChunkState, ChunkTimeline, WholeTimeline } from '../nn/timeline.ts';
import { griffinLimVocoder } from './griffin-lim.ts';

const [sampleRateHz, hopLength, bands, lookaheadFrames] = [16000, 64, 40, 4];
const front = { hopLength, bands, floor: 1e-4, sampleRateHz, channels: 1 };
const features = logMel(front);
const vocoder = griffinLimVocoder({
  magnitudes: { type: 'mel-inverse' },
  iterations: 30,
  momentum: 0.99,
  lookaheadFrames,
  sampleRateHz,
  features: front,
});

/** A voice-like sound: harmonics of a gliding tone, in syllables, and a little noise. */
function voice(length: number): Float32Array<ArrayBuffer> {
  const rng = new Rng(1);
  let phase = 0;
  return Float32Array.from({ length }, (_, t) => {
    phase += (2 * Math.PI * (120 + 40 * Math.sin(t / 3000))) / sampleRateHz;
    let sum = 0;
    for (let h = 1; h <= 20; h++) sum += Math.sin(h * phase) / h;
    return 0.2 * Math.max(0, Math.sin(t / 900)) * sum + 0.002 * rng.normal();
  });
}

const params = {} as Scope['params'];

async function analyse(signal: Float32Array<ArrayBuffer>): Promise<Float32Array> {
  const engine = await createEngine('onnx');
  const graph = await engine.compile((io) => {
    const x = io.input('x', [1, signal.length, 1]) as tf.Tensor3D;
    io.output('frames', features.analyse(x, { params, time: new WholeTimeline() }));
  });
  const { frames } = await graph.run(() => float32([1, signal.length, 1], signal));
  return frames!.data as Float32Array;
}

/** Decodes frames in chunks of `chunkFrames`; what comes out is in step with what went in. */
async function synthesise(frames: Float32Array, chunkFrames: number): Promise<Float32Array<ArrayBuffer>> {
  const engine = await createEngine('onnx');
  const timeline = new ChunkTimeline(chunkFrames);
  const graph = await engine.compile((io) => {
    const x = io.input('x', [1, chunkFrames, bands]) as tf.Tensor3D;
    io.output('y', vocoder.synthesise(x, { params, time: timeline.begin(io) }));
  });
  const count = frames.length / bands;
  const out = new Float32Array(count * hopLength);
  let state: ChunkState = {};
  for (let at = 0; at < count; at += chunkFrames) {
    const valid = Math.min(chunkFrames, count - at);
    const chunk = new Float32Array(chunkFrames * bands);
    chunk.set(frames.subarray(at * bands, (at + valid) * bands));
    const x: HostTensor = float32([1, chunkFrames, bands], chunk);
    const place = { offset: at, valid, last: at + valid === count };
    const results = await graph.run(timeline.feed({ x }, state, place));
    state = ChunkTimeline.next(results);
    out.set((results.y!.data as Float32Array).subarray(0, valid * hopLength), at * hopLength);
  }
  const late = vocoder.delayFrames * hopLength;
  const inStep = new Float32Array(out.length);
  inStep.set(out.subarray(late));
  return inStep;
}

function distance(a: Float32Array, b: Float32Array, frames: number): number {
  let sum = 0;
  for (let i = 0; i < frames * bands; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / (frames * bands);
}

describe('Griffin-Lim vocoder', () => {
  it('gives a signal with the features it was given, whole or in chunks', async () => {
    const frames = 240;
    const wanted = await analyse(voice(frames * hopLength));
    const settled = frames - lookaheadFrames - 4;
    const loudness = wanted.reduce((s, v) => s + v, 0) / wanted.length;
    expect(loudness).toBeGreaterThan(0.5);
    for (const chunkFrames of [frames, 48]) {
      const signal = await synthesise(wanted, chunkFrames);
      expect(distance(await analyse(signal), wanted, settled), `chunks of ${chunkFrames}`).toBeLessThan(
        0.05 * loudness,
      );
    }
  });

  it('keeps silence silent', async () => {
    const signal = await synthesise(new Float32Array(60 * bands), 20);
    expect(Math.max(...signal.map(Math.abs))).toBeLessThan(1e-5);
  });
});
