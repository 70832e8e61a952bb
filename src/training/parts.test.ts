import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { float32 } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import { compile, feedOf } from '../engine/engine.ts';
import { adamScalars, adamStep } from '../nn/adam.ts';
import { melFilters } from '../nn/mel.ts';
import { CodebookAverages } from './codebook-averages.ts';
import { drawBatch, splitClips } from './dataset.ts';
import { audioLosses, magnitudes } from './losses.ts';

describe('adamStep', () => {
  it('does what Adam does by hand, gradients clipped', async () => {
    const options = { beta1: 0.8, beta2: 0.99, clip: 0.5, averageDecay: 0 };
    const engine = await createEngine('onnx');
    const graph = await engine.compile((io) => {
      const value = io.input('param:w', [2]);
      io.output('norm', adamStep(io, new Map([['w', { value, gradient: tf.mul(value, 2) }]]), options));
    });
    let [w, m, v] = [
      [1, -2],
      [0, 0],
      [0, 0],
    ] as number[][];
    let feeds = { 'param:w': float32([2], Float32Array.from(w!)), 'm:w': float32([2]), 'v:w': float32([2]) };
    for (let t = 1; t <= 5; t++) {
      const { rate, correction } = adamScalars(0.1, t, options);
      const scalars = {
        rate: float32([], Float32Array.of(rate)),
        correction: float32([], Float32Array.of(correction)),
      };
      const out = await graph.run(feedOf({ ...feeds, ...scalars }));
      const g = w!.map((x) => 2 * x);
      const norm = Math.hypot(...g);
      const clipped = g.map((x) => x * Math.min(1, 0.5 / norm));
      m = m!.map((x, i) => 0.8 * x + 0.2 * clipped[i]!);
      v = v!.map((x, i) => 0.99 * x + 0.01 * clipped[i]! ** 2);
      w = w!.map(
        (x, i) => x - (0.1 * (m![i]! / (1 - 0.8 ** t))) / (Math.sqrt(v![i]! / (1 - 0.99 ** t)) + 1e-8),
      );
      for (const i of [0, 1]) expect(out['param:w']!.data[i]).toBeCloseTo(w[i]!, 4);
      expect(out.norm!.data[0]).toBeCloseTo(norm, 4);
      feeds = { 'param:w': out['param:w'], 'm:w': out['m:w'], 'v:w': out['v:w'] } as typeof feeds;
    }
  });
});

describe('losses', () => {
  it('a full-scale sine at a bin has magnitude one half there, and nothing far off', async () => {
    const engine = await createEngine('onnx');
    const graph = await compile(engine, (x) => magnitudes(x as tf.Tensor2D, 128), [[1, 512]]);
    const sine = Float32Array.from({ length: 512 }, (_, t) => Math.sin((2 * Math.PI * 10 * t) / 128));
    const [out] = await graph.run(float32([1, 512], sine));
    expect(out!.shape).toEqual([13, 65]);
    expect(out!.data[65 * 4 + 10]).toBeCloseTo(0.5, 3);
    expect(out!.data[65 * 4 + 20]).toBeLessThan(1e-3);
  });

  it('are zero for equal signals and grow with distance', async () => {
    const engine = await createEngine('onnx');
    const options = { windows: [256, 64], melBands: [20, 8] } as never;
    const graph = await compile(
      engine,
      (a, b) => Object.values(audioLosses(a as tf.Tensor2D, b as tf.Tensor2D, 24000, options)),
      [
        [2, 1024],
        [2, 1024],
      ],
    );
    const rng = new Rng(1);
    const noise = (gain: number) => Float32Array.from({ length: 2048 }, () => gain * rng.normal());
    const x = noise(0.1);
    const near = x.map((v, i) => v + 0.01 * Math.sin(i));
    const values = async (y: Float32Array) =>
      (await graph.run(float32([2, 1024], x), float32([2, 1024], Float32Array.from(y)))).map(
        (t) => t.data[0]!,
      );
    expect((await values(x)).every((v) => Math.abs(v) < 1e-6)).toBe(true);
    const [close, far] = [await values(near), await values(noise(0.5))];
    for (const i of [0, 1, 2]) expect(close[i]!).toBeLessThan(far[i]!);
  });

  it('mel bands are means of bins', () => {
    for (const [window, bands] of [
      [2048, 80],
      [128, 16],
      [64, 40],
    ] as const) {
      const filters = melFilters(24000, window, bands);
      for (let band = 0; band < bands; band++) {
        let sum = 0;
        for (let bin = 0; bin <= window / 2; bin++) sum += filters[bin * bands + band]!;
        expect(sum).toBeCloseTo(1, 5);
      }
    }
  });
});

describe('CodebookAverages', () => {
  const nearest = async (x: Float32Array, c: Float32Array) =>
    Int32Array.from({ length: x.length / 2 }, (_, r) => {
      const d = (k: number) => Math.hypot(x[2 * r]! - c[2 * k]!, x[2 * r + 1]! - c[2 * k + 1]!);
      let best = 0;
      for (let k = 1; k < c.length / 2; k++) if (d(k) < d(best)) best = k;
      return best;
    });

  it('finds clusters by k-means, follows them as they move, and replaces vectors nobody uses', async () => {
    const rng = new Rng(5);
    const centres = [
      [0, 0],
      [10, 0],
      [0, 10],
      [10, 10],
    ];
    const draw = (shift: number) =>
      Float32Array.from(
        Array.from({ length: 400 }, (_, i) =>
          centres[i % 4]!.map((c) => c + shift + 0.1 * rng.normal()),
        ).flat(),
      );
    const codebooks = new CodebookAverages(2, 4, 2);
    const start = draw(0);
    await codebooks.initialise(start, 8, nearest, rng);
    const distance = (data: Float32Array, codes: Int32Array, vectors: Float32Array) => {
      let sum = 0;
      for (const [r, k] of codes.entries()) {
        sum += Math.hypot(data[2 * r]! - vectors[2 * k]!, data[2 * r + 1]! - vectors[2 * k + 1]!);
      }
      return sum / codes.length;
    };
    const [vectors] = codebooks.vectors as [Float32Array<ArrayBuffer>];
    expect(distance(start, await nearest(start, vectors), vectors)).toBeLessThan(6);
    for (let i = 0; i < 60; i++) {
      const data = draw(1);
      const first = await nearest(data, vectors);
      const codes = new Int32Array(800);
      codes.set(first);
      codebooks.update(data, codes, { decay: 0.8, deadShare: 0.1 }, rng);
    }
    const data = draw(1);
    expect(distance(data, await nearest(data, vectors), vectors)).toBeLessThan(0.3);
    vectors.set([1e3, 1e3], 0);
    codebooks.counts[0]![0] = 0;
    const codes = new Int32Array(800);
    codes.set(await nearest(data, vectors));
    expect(codebooks.update(data, codes, { decay: 0.8, deadShare: 0.1 }, rng)).toBeGreaterThan(0);
    expect(vectors[0]!).toBeLessThan(20);
  });
});

describe('dataset', () => {
  const clips = Array.from({ length: 10 }, (_, i) => ({
    name: `${i >> 1}-${i}.flac`,
    samples: Int16Array.from({ length: 1000 }, (_, t) => 100 * i + (t % 7)),
  }));

  it('keeps a speaker on one side of the split, the same for the same seed', () => {
    const { train, validation } = splitClips(clips, 0.4, new Rng(1));
    expect(validation.length).toBe(4);
    const speakers = (list: typeof train) => new Set(list.map((c) => c.name[0]));
    expect([...speakers(train)].some((s) => speakers(validation).has(s))).toBe(false);
    expect(splitClips(clips, 0.4, new Rng(1)).validation).toEqual(validation);
  });

  it('draws the same batches for the same seed, never clipping', () => {
    const loud = [
      { name: 'a', samples: Int16Array.from({ length: 500 }, (_, t) => (t % 2 ? 32767 : -32768)) },
    ];
    const batch = drawBatch(loud, 4, 100, new Rng(2));
    expect(batch).toEqual(drawBatch(loud, 4, 100, new Rng(2)));
    expect(batch.every((v) => Math.abs(v) <= 1)).toBe(true);
    expect(drawBatch(clips, 2, 4000, new Rng(1)).length).toBe(8000);
  });
});
