import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { float32 } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import { compile } from '../engine/engine.ts';
import { Dft } from './dft.ts';

describe('two-step DFT', () => {
  it.each([16, 48, 320, 1024, 1280])('agrees with the sum of its definition at size %i', async (size) => {
    const { groups, inner, places } = new Dft(size);
    const rng = new Rng(size);
    const count = 2;
    const frames = Float32Array.from({ length: count * size }, () => rng.normal());
    const engine = await createEngine('onnx');
    const graph = await compile(
      engine,
      (x) => {
        const dft = new Dft(size);
        const spectrum = dft.forward(x as tf.Tensor2D);
        return [tf.transpose(spectrum, [1, 2, 0, 3]), dft.inverse(spectrum)];
      },
      [[count, size]],
    );
    const [spectrum, back] = await graph.run(float32([count, size], frames));
    const kept = groups * inner;
    for (let f = 0; f < count; f++) {
      for (let bin = 0; bin <= size / 2; bin += Math.ceil(size / 24)) {
        let [re, im] = [0, 0];
        for (let n = 0; n < size; n++) {
          const angle = (-2 * Math.PI * bin * n) / size;
          re += frames[f * size + n]! * Math.cos(angle);
          im += frames[f * size + n]! * Math.sin(angle);
        }
        const place = places[bin]!;
        expect(place).toBeGreaterThanOrEqual(0);
        // A bin may be kept as its mirror image, whose imaginary part is negated.
        expect(spectrum!.data[2 * f * kept + place]!).toBeCloseTo(re, 3);
        expect(Math.abs(spectrum!.data[(2 * f + 1) * kept + place]!)).toBeCloseTo(Math.abs(im), 3);
      }
    }
    const worst = frames.reduce((w, v, i) => Math.max(w, Math.abs(v - back!.data[i]!)), 0);
    expect(worst).toBeLessThan(2e-5);
    await graph.dispose();
  });
});
