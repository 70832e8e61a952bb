import type * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { float32 } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import { trace } from '../engine/onnx/trace.ts';
import { ConstantParams, FreshParams } from '../nn/params.ts';
import { type ChunkState, ChunkTimeline, WholeTimeline } from '../nn/timeline.ts';
import { type NetworkSizes, networkMagnitudes } from './network-magnitudes.ts';

const [bands, hopLength, count, lookaheadFrames] = [12, 16, 40, 3];
const sizes: NetworkSizes = {
  ...{ sampleRateHz: 8000, hopLength, bands, floor: 1e-4 },
  ...{ weights: 'none', width: 16, blocks: 2, kernelSize: 5, expansion: 2, lookaheadFrames, fitSteps: 2 },
};
const network = networkMagnitudes(sizes);
const bins = 2 * hopLength + 1;

const rng = new Rng(7);
const fresh = new FreshParams(rng);
trace((io) => {
  const frames = io.input('frames', [1, count, bands]) as tf.Tensor3D;
  io.output('y', network.magnitudes(frames, { params: fresh, time: new WholeTimeline() }));
});
const params = new ConstantParams(fresh.weights);
const frames = Float32Array.from({ length: count * bands }, () => 2 * rng.uniform());

async function whole(values: Float32Array<ArrayBuffer>): Promise<Float32Array> {
  const engine = await createEngine('onnx');
  const graph = await engine.compile((io) => {
    const x = io.input('x', [1, count, bands]) as tf.Tensor3D;
    io.output('y', network.magnitudes(x, { params, time: new WholeTimeline() }));
  });
  const { y } = await graph.run(() => float32([1, count, bands], values));
  return y!.data as Float32Array;
}

describe('magnitudes by a network', () => {
  it('are never negative, and as many as there are bins', async () => {
    const y = await whole(frames);
    expect(y.length).toBe(count * bins);
    expect(Math.min(...y)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...y)).toBeGreaterThan(0);
  });

  it('see so many frames ahead and no more', async () => {
    const changed = Float32Array.from(frames);
    const at = 20;
    changed.fill(0, at * bands, (at + 1) * bands);
    const [a, b] = [await whole(frames), await whole(changed)];
    const differs = (row: number) =>
      a.subarray(row * bins, (row + 1) * bins).some((v, i) => v !== b[row * bins + i]);
    // Row r is about frame r - lookahead, so that frame 20 is seen from row 20 on.
    expect(Array.from({ length: at }, (_, row) => differs(row)).some(Boolean)).toBe(false);
    expect(differs(at)).toBe(true);
  });

  it('are the same in chunks', async () => {
    const engine = await createEngine('onnx');
    const size = 8;
    const timeline = new ChunkTimeline(size);
    const graph = await engine.compile((io) => {
      const x = io.input('x', [1, size, bands]) as tf.Tensor3D;
      io.output('y', network.magnitudes(x, { params, time: timeline.begin(io) }));
    });
    const expected = await whole(frames);
    let state: ChunkState = {};
    for (let at = 0; at < count; at += size) {
      const x = float32([1, size, bands], frames.slice(at * bands, (at + size) * bands));
      const place = { offset: at, valid: size, last: at + size === count };
      const results = await graph.run(timeline.feed({ x }, state, place));
      state = ChunkTimeline.next(results);
      for (const [i, v] of (results.y!.data as Float32Array).entries()) {
        const wanted = expected[at * bins + i]!;
        expect(Math.abs(v - wanted)).toBeLessThan(1e-5 * Math.max(1, wanted));
      }
    }
  });
});
