import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { LanguageModel } from '../../src/codec/language-model.ts';
import { createEngine } from '../../src/engine/catalogue.ts';
import { quantizeCdf } from '../../src/entropy/ecdc-coder.ts';
import { readSafetensors } from '../../src/weights/safetensors.ts';
import { readF32, readI32, shared, sharedMissing } from './shared.ts';

const file = (name: string) => shared('golden/encodec/ecdc', name);
const CARDINALITY = 1024;
/** Relative, as the reference data suggests. */
const TOLERANCE = 1e-4;

const sizes = {
  '24k': { codebooks: 32, pastFrames: 262 },
  '48k': { codebooks: 16, pastFrames: 525 },
} as const;

async function load(which: keyof typeof sizes, engine = 'onnx'): Promise<LanguageModel> {
  const { tensors } = readSafetensors(readFileSync(file(`lm-${which}.safetensors`)));
  const shape = { ...sizes[which], codebookSize: CARDINALITY, dimension: 12, layers: 2, heads: 4 };
  return new LanguageModel(shape, tensors, await createEngine(engine, { threads: 1 }));
}

/** Codes of one frame out of [codebooks, frames]. */
function frameOf(codes: Int32Array, codebooks: number, frame: number): Int32Array {
  const frames = codes.length / codebooks;
  return Int32Array.from({ length: codebooks }, (_, k) => codes[k * frames + frame]!);
}

/** Largest relative difference of probabilities. */
function worst(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < want.length; i++) most = Math.max(most, Math.abs(got[i]! - want[i]!) / want[i]!);
  return most;
}

describe.skipIf(sharedMissing)("the reference's language model", () => {
  let case_: { streams: Record<string, unknown>[] };
  beforeAll(() => {
    case_ = JSON.parse(readFileSync(file('case.json'), 'utf8'));
  });

  it('sees as far back as the reference and no further', async () => {
    const codes = readI32(file('lm-24k_context_codes.i32'));
    const want = readF32(file('lm-24k_context_probabilities.f32'));
    const steps = [0, 1, 2, 100, 260, 261, 262, 263, 299];
    const run = await (await load('24k')).begin(2);
    for (let t = 0; t < 300; t++) {
      const got = await run.step(t === 0 ? undefined : frameOf(codes, 2, t - 1));
      const at = steps.indexOf(t);
      if (at < 0) continue;
      const expected = want.subarray(at * 2 * CARDINALITY, (at + 1) * 2 * CARDINALITY);
      expect(worst(got, expected), `step ${t}`).toBeLessThan(TOLERANCE);
    }
  });

  it.each([
    ['24k', '1.5kbps', 'onnx'],
    ['48k', '3kbps', 'onnx'],
    ['24k', '1.5kbps', 'tfjs-cpu'],
  ] as const)('%s short clip at %s on %s: every probability and CDF', async (which, rate, engine) => {
    const name = `tiny-${which}_clip_${rate}`;
    const codes = readI32(file(`${name}_codes.i32`));
    const want = readF32(file(`${name}.lm.probabilities.f32`));
    const cdfs = readI32(file(`${name}.lm.cdf.i32`));
    const run = await (await load(which, engine)).begin(2);
    const cdf = new Int32Array(CARDINALITY);
    for (let t = 0; t < 15; t++) {
      const got = await run.step(t === 0 ? undefined : frameOf(codes, 2, t - 1));
      expect(worst(got, want.subarray(t * 2 * CARDINALITY, (t + 1) * 2 * CARDINALITY))).toBeLessThan(
        TOLERANCE,
      );
      for (let k = 0; k < 2; k++) {
        const expected = cdfs.subarray((2 * t + k) * CARDINALITY, (2 * t + k + 1) * CARDINALITY);
        // From the reference's own probabilities exactly, from ours up to rounding of the sums.
        quantizeCdf(want.subarray((2 * t + k) * CARDINALITY, (2 * t + k + 1) * CARDINALITY), cdf);
        expect(cdf).toEqual(expected.slice());
        quantizeCdf(got.subarray(k * CARDINALITY, (k + 1) * CARDINALITY), cdf);
        for (let s = 0; s < CARDINALITY; s++) {
          expect(Math.abs(cdf[s]! - expected[s]!)).toBeLessThan(TOLERANCE * 2 ** 24);
        }
      }
    }
  });

  it.each([
    ['24k', 'tiny-24k', '1.5kbps', [150]],
    ['24k', 'tiny-24k', '6kbps', [150]],
    ['24k', 'tiny-24k', '24kbps', [150]],
    ['48k', 'tiny-48k', '12kbps', [150, 150, 108]],
  ] as const)('%s: bounds and probability of every symbol of %s at %s', async (which, model, rate, segments) => {
    const name = `${model}_${rate}.lm.ecdc`;
    const stream = case_.streams.find((each) => each.file === name)! as { n_q: number };
    const used = stream.n_q;
    const bounds = readI32(file(`${name}.bounds.i32`));
    const probabilities = readF32(file(`${name}.p.f32`));
    const lm = await load(which);
    const cdf = new Int32Array(CARDINALITY);
    let at = 0;
    for (const [segment, frames] of segments.entries()) {
      const codes = readI32(
        which === '24k'
          ? shared(`golden/encodec/tiny-24k/codes_${rate}.i32`)
          : shared(`golden/encodec/tiny-48k/seg${segment}_codes_${rate}.i32`),
      );
      const run = await lm.begin(used);
      for (let t = 0; t < frames; t++) {
        const got = await run.step(t === 0 ? undefined : frameOf(codes, used, t - 1));
        const symbols = frameOf(codes, used, t);
        for (let k = 0; k < used; k++, at++) {
          const symbol = symbols[k]!;
          const row = got.subarray(k * CARDINALITY, (k + 1) * CARDINALITY);
          expect(worst([row[symbol]!], [probabilities[at]!])).toBeLessThan(TOLERANCE);
          quantizeCdf(row, cdf);
          const [low, high] = [symbol > 0 ? cdf[symbol - 1]! : 0, cdf[symbol]!];
          expect(Math.abs(low - bounds[2 * at]!)).toBeLessThan(TOLERANCE * 2 ** 24);
          expect(Math.abs(high - bounds[2 * at + 1]!)).toBeLessThan(TOLERANCE * 2 ** 24);
        }
      }
    }
    expect(at).toBe(probabilities.length);
  });
});
