import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { float32 } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import { compile, feedOf } from '../engine/engine.ts';
import { writeAudio } from '../media/audio-file.ts';
import { adamScalars, adamStep } from '../nn/adam.ts';
import { dftBasis, melFilters } from '../nn/mel.ts';
import { bandLimited, resampled } from './augment.ts';
import { type Augment, drawBatch } from './batches.ts';
import { CodebookAverages } from './codebook-averages.ts';
import { loadClips, splitClips } from './dataset.ts';
import { audioLosses } from './losses.ts';

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
  it('measure magnitudes and mel bands as a plain transform does', async () => {
    const [window, bands, time] = [128, 12, 512];
    const engine = await createEngine('onnx');
    const options = { windows: [window], melBands: [bands] } as never;
    const graph = await compile(
      engine,
      (a, b) => Object.values(audioLosses(a as tf.Tensor2D, b as tf.Tensor2D, 24000, options)),
      [
        [1, time],
        [1, time],
      ],
    );
    const rng = new Rng(2);
    const [x, y] = [0.1, 0.2].map((gain) => Float32Array.from({ length: time }, () => gain * rng.normal()));
    const [waveform, mel, spectrum] = await graph.run(float32([1, time], x), float32([1, time], y));
    const bins = window / 2 + 1;
    const basis = dftBasis(window);
    const filters = melFilters(24000, window, bands);
    const spectra = (signal: Float32Array) =>
      Array.from({ length: (time - window) / (window / 4) + 1 }, (_, frame) =>
        Array.from({ length: bins }, (_, k) => {
          let [re, im] = [0, 0];
          for (let n = 0; n < window; n++) {
            re += signal[(frame * window) / 4 + n]! * basis[n * 2 * bins + k]!;
            im += signal[(frame * window) / 4 + n]! * basis[n * 2 * bins + bins + k]!;
          }
          return Math.hypot(re, im);
        }),
      );
    const logMel = (magnitudes: number[][]) =>
      magnitudes.flatMap((frame) =>
        Array.from({ length: bands }, (_, band) =>
          Math.log10(frame.reduce((sum, m, k) => sum + m * filters[k * bands + band]!, 1e-4)),
        ),
      );
    const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a, (v, i) => Math.abs(v - b[i]!)).reduce((sum, v) => sum + v, 0) / a.length;
    const [p, q] = [spectra(x!), spectra(y!)];
    const mean = q.flat().reduce((sum, v) => sum + v, 0) / q.flat().length;
    expect(waveform!.data[0]).toBeCloseTo(distance(x!, y!), 5);
    expect(mel!.data[0]).toBeCloseTo(distance(logMel(p), logMel(q)), 4);
    expect(spectrum!.data[0]).toBeCloseTo(distance(p.flat(), q.flat()) / (mean + 1e-4), 4);
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

  const plain: Augment = {
    gainDb: 6,
    mixShare: 0,
    mixDb: 20,
    speedShare: 0,
    speed: 1.2,
    bandShare: 0,
    bandHz: 3000,
  };
  const draw = (from: typeof clips, augment: Partial<Augment>, seed = 2, length = 400) =>
    drawBatch(from, [4, length], 24000, { ...plain, ...augment }, new Rng(seed));
  const tone = (cyclesPerSample: number, length = 4000) => ({
    name: 'tone',
    samples: Int16Array.from({ length }, (_, t) => 10000 * Math.sin(2 * Math.PI * cyclesPerSample * t)),
  });
  /** Power of the component at a frequency, over that of all. */
  const share = (x: Float32Array, cyclesPerSample: number) => {
    let [re, im, all] = [0, 0, 0];
    for (const [t, v] of x.entries()) {
      re += v * Math.cos(2 * Math.PI * cyclesPerSample * t);
      im += v * Math.sin(2 * Math.PI * cyclesPerSample * t);
      all += v * v;
    }
    return (2 * (re * re + im * im)) / (x.length * all);
  };

  it('draws the same batches for the same seed, never clipping', () => {
    const loud = [
      { name: 'a', samples: Int16Array.from({ length: 500 }, (_, t) => (t % 2 ? 32767 : -32768)) },
    ];
    for (const augment of [{}, { mixShare: 1, speedShare: 1, bandShare: 1 }]) {
      const batch = draw(loud, augment);
      expect(batch).toEqual(draw(loud, augment));
      expect(batch).not.toEqual(draw(loud, augment, 3));
      expect(batch.every((v) => Math.abs(v) <= 1)).toBe(true);
    }
    expect(draw(clips, {}, 1, 4000).length).toBe(16000);
  });

  it('draws no random number for what is not asked for', () => {
    const rng = new Rng(4);
    drawBatch(clips, [3, 100], 24000, plain, rng);
    const same = new Rng(4);
    for (let i = 0; i < 3 * 3; i++) same.uint32();
    expect(rng.state).toEqual(same.state);
  });

  it('mixes two clips, the second softer by what is drawn', () => {
    const both = draw([tone(0.02), tone(0.11)], { mixShare: 1, mixDb: 0 }, 2, 2000);
    const row = both.subarray(0, 2000);
    // Each of the two is drawn twice, or both are the same.
    expect(share(row, 0.02) + share(row, 0.11)).toBeGreaterThan(0.95);
    const rows = [0, 1, 2, 3].map((b) => both.subarray(b * 2000, (b + 1) * 2000));
    const mixed = rows.filter((x) => share(x, 0.02) > 0.1 && share(x, 0.11) > 0.1);
    expect(mixed.length).toBeGreaterThan(0);
    for (const x of mixed) expect(share(x, 0.02) / share(x, 0.11)).toBeCloseTo(1, 1);
  });

  it('plays faster and slower by at most what is asked for, and leaves nothing that folds back', () => {
    const source = Float32Array.from(tone(0.1).samples);
    for (const factor of [0.8, 1, 1.25]) {
      expect(share(resampled(source, factor, 2000).subarray(100), 0.1 * factor)).toBeGreaterThan(0.999);
    }
    for (const [t, v] of resampled(source, 1, 2000).entries()) expect(v).toBeCloseTo(source[t]!, 6);
    const high = resampled(Float32Array.from(tone(0.45).samples), 1.25, 2000).subarray(100, 1900);
    expect(Math.max(...high.map(Math.abs))).toBeLessThan(100);
    const rows = draw([tone(0.1)], { speedShare: 1 }, 5, 2000);
    const at = (x: Float32Array) => {
      const speeds = Array.from({ length: 81 }, (_, i) => 0.8 + i / 200);
      return speeds.reduce((best, s) => (share(x, 0.1 * s) > share(x, 0.1 * best) ? s : best), 1);
    };
    const speeds = [0, 1, 2, 3].map((b) => at(rows.slice(b * 2000, (b + 1) * 2000)));
    expect(new Set(speeds).size).toBeGreaterThan(1);
    for (const s of speeds) expect(Math.abs(Math.log(s))).toBeLessThan(Math.log(1.2) + 0.01);
  });

  it('takes away what lies above a frequency, without delay', () => {
    const low = Float32Array.from(tone(0.05).samples);
    const kept = bandLimited(low, 0.2).subarray(100, 3900);
    for (const [t, v] of kept.entries()) expect(Math.abs(v - low[t + 100]!)).toBeLessThan(50);
    const gone = bandLimited(Float32Array.from(tone(0.3).samples), 0.2).subarray(100, 3900);
    expect(Math.max(...gone.map(Math.abs))).toBeLessThan(50);
    const rng = new Rng(1);
    const noise = [
      { name: 'n', samples: Int16Array.from({ length: 4000 }, () => 3000 * (2 * rng.uniform() - 1)) },
    ];
    const power = (x: Float32Array) => x.reduce((sum, v) => sum + v * v, 0);
    expect(power(draw(noise, { gainDb: 0, bandShare: 1 }, 2, 2000))).toBeLessThan(
      0.9 * power(draw(noise, { gainDb: 0 }, 2, 2000)),
    );
  });

  it('reads sound once, and then from the folder that keeps it, until the file changes', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'clips-'));
    const [data, cache] = [path.join(folder, 'data'), path.join(folder, 'cache')];
    mkdirSync(data);
    const write = (name: string, value: number) =>
      writeAudio(
        path.join(data, name),
        {
          kind: 'audio',
          sampleRateHz: 24000,
          channels: [new Float32Array(480).fill(value)],
        },
        { force: true },
      );
    for (const name of ['b.wav', 'a.wav']) await write(name, 0.25);
    writeFileSync(path.join(data, 'c.wav'), 'not sound');
    const bad: string[] = [];
    const load = () =>
      loadClips(data, { sampleRateHz: 24000, cache, onBad: (file) => bad.push(path.basename(file)) });
    const first = await load();
    expect(first.map(({ name }) => name)).toEqual(['a.wav', 'b.wav']);
    expect(bad).toEqual(['c.wav']);
    expect(first[0]!.samples).toEqual(new Int16Array(480).fill(8192));
    const kept = readdirSync(cache);
    expect(kept.length).toBe(2);
    expect(await load()).toEqual(first);
    for (const name of kept) writeFileSync(path.join(cache, name), new Uint8Array([1, 0]));
    expect((await load())[0]!.samples).toEqual(Int16Array.of(1));
    await write('a.wav', 0.5);
    expect((await load())[0]!.samples).toEqual(new Int16Array(480).fill(16384));
  });
});
