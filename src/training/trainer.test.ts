import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import type { HostTensor } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import type { Engine } from '../engine/engine.ts';
import { Codec } from '../recipe/codec.ts';
import type { Recipe } from '../recipe/schema.ts';
import { readSafetensors } from '../weights/safetensors.ts';
import { adoptModel, loadCheckpoint, saveCheckpoint, type TrainingState } from './checkpoint.ts';
import { CodecObjective } from './codec-objective.ts';
import type { Clip } from './dataset.ts';
import type { Objective } from './objective.ts';
import { tinyRecipe } from './test-recipe.ts';
import { Trainer } from './trainer.ts';

const recipe = tinyRecipe();
const rng = new Rng(3);
const clips: Clip[] = [0, 1].map((c) => ({
  name: `${c}-tone`,
  samples: Int16Array.from(
    { length: 12000 },
    (_, t) => 8000 * Math.sin(t * (0.05 + 0.03 * c)) + 500 * rng.normal(),
  ),
}));

function flat(weights: ReadonlyMap<string, HostTensor>): number[] {
  return [...weights.values()].flatMap((t) => [...t.data]);
}

describe('training', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine('onnx', { threads: 1 });
  });

  function create(
    seed: number,
    restore?: (state: TrainingState, objective: Objective) => void,
    of: Recipe = recipe,
    on = engine,
  ): Promise<Trainer> {
    const objective = new CodecObjective(of, on);
    return Trainer.create(objective, of.training, on, seed, (state) => restore?.(state, objective));
  }

  /** Everything a run has learned. */
  function learned({ state }: Trainer): number[] {
    return [state.weights, state.m, state.v, state.averages, state.learned].flatMap(flat);
  }

  async function run(trainer: Trainer, steps: number): Promise<number[]> {
    const totals: number[] = [];
    for (let i = 0; i < steps; i++) totals.push((await trainer.step(clips, 40)).losses.total!);
    return totals;
  }

  it('lowers its loss, with and without the quantizer', async () => {
    const trainer = await create(1);
    const before = await trainer.validate(clips, 2);
    expect(Object.keys(before)).toEqual(['none']);
    await run(trainer, 40);
    const after = await trainer.validate(clips, 2);
    expect(after.none!.total!).toBeLessThan(0.8 * before.none!.total!);
    for (const bitrate of ['0.3kbps', '1.2kbps']) {
      expect(after[bitrate]!.total!).toBeLessThan(0.85 * before.none!.total!);
    }
  });

  it('takes the same first step on the second engine', async () => {
    const reports = [];
    for (const each of [engine, await createEngine('tfjs-cpu')]) {
      const trainer = await create(1, undefined, recipe, each);
      reports.push((await trainer.step(clips, 40)).losses);
    }
    for (const [name, value] of Object.entries(reports[0]!)) {
      expect(Math.abs(reports[1]![name]! - value), name).toBeLessThan(1e-3 * Math.max(1, value));
    }
  });

  it('keeps a running average of the weights, which is what validation and the model take', async () => {
    const decay = 0.5;
    const averaging = { ...recipe, training: { ...recipe.training, averageDecay: decay } };
    const trainer = await create(1, undefined, averaging);
    let expected = flat(trainer.state.weights);
    for (let step = 1; step <= 12; step++) {
      await run(trainer, 1);
      const share = 1 - Math.min(decay, step / (step + 9));
      const weights = flat(trainer.state.weights);
      expected = expected.map((value, i) => value + share * (weights[i]! - value));
    }
    const averages = flat(trainer.state.averages);
    expect(Math.max(...averages.map((value, i) => Math.abs(value - expected[i]!)))).toBeLessThan(1e-5);
    expect(flat(trainer.modelWeights)).toEqual(averages);
    const model = trainer.objective.model(trainer.modelWeights);
    const restored = await create(2, (state, objective) => adoptModel(model, state, objective), averaging);
    expect(await restored.validate(clips, 2)).toEqual(await trainer.validate(clips, 2));
    const without = await create(1, undefined, {
      ...recipe,
      training: { ...recipe.training, averageDecay: 0 },
    });
    await run(without, 2);
    expect(without.modelWeights).toBe(without.state.weights);
  });

  it('resumed from a checkpoint gives the weights of a run without a break', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'training-'));
    const whole = await create(7);
    await run(whole, 8);
    const first = await create(7);
    await run(first, 5);
    await saveCheckpoint(folder, first.state);
    const second = await create(99, (state) => loadCheckpoint(folder, state));
    expect(second.state.step).toBe(5);
    await run(second, 3);
    expect(learned(second)).toEqual(learned(whole));
  });

  it('goes on from a checkpoint without averages with averages of the weights in there', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'training-'));
    const first = await create(7, undefined, {
      ...recipe,
      training: { ...recipe.training, averageDecay: 0 },
    });
    await run(first, 2);
    await saveCheckpoint(folder, first.state);
    const second = await create(99, (state) => loadCheckpoint(folder, state));
    expect(flat(second.state.averages)).toEqual(flat(first.state.weights));
  });

  it('refuses a checkpoint of another recipe, or none', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'training-'));
    const load = (state: TrainingState) => loadCheckpoint(folder, state);
    await expect(create(1, load)).rejects.toThrow(/no checkpoint/);
    await saveCheckpoint(folder, (await create(1)).state);
    const wider = { ...recipe, encoder: { ...recipe.encoder, nFilters: 4 } };
    await expect(create(1, load, wider)).rejects.toThrow(/not of this recipe/);
  });

  it('started from a trained model goes on from where that was', async () => {
    const first = await create(1);
    await run(first, 40);
    const model = first.objective.model(first.modelWeights);
    const second = await create(2, (state, objective) => adoptModel(model, state, objective));
    expect(second.state.step).toBe(0);
    expect(await second.validate(clips, 2)).toEqual(await first.validate(clips, 2));
    const fresh = await create(2);
    await run(second, 4);
    expect((await second.validate(clips, 2))['1.2kbps']!.total!).toBeLessThan(
      0.85 * (await fresh.validate(clips, 2)).none!.total!,
    );
    const wider = { ...recipe, encoder: { ...recipe.encoder, nFilters: 4 } };
    await expect(create(1, (state, objective) => adoptModel(model, state, objective), wider)).rejects.toThrow(
      /to start from are not of this recipe at encoder/,
    );
  });

  it('refuses a stereo recipe', () => {
    const stereo = { ...recipe, signal: { ...recipe.signal, channels: 2 } };
    expect(() => new CodecObjective(stereo, engine)).toThrow(/found 2 channels, expected a mono recipe/);
  });

  it('packs a model that encodes below its nominal bitrate', async () => {
    const trainer = await create(1);
    await run(trainer, 10);
    const bytes = await trainer.objective.pack(trainer.modelWeights, {
      clips,
      engine: 'onnx',
      maxSeconds: 10,
    });
    const codec = await Codec.create(recipe, readSafetensors(bytes).tensors);
    const channels = [Float32Array.from(clips[0]!.samples, (v) => v / 32768)];
    const signal = { kind: 'audio', sampleRateHz: 24000, channels } as const;
    const file = await codec.encode(signal, { bitrateKbps: 1.2 });
    const { frames } = await codec.toCodes(signal, { bitrateKbps: 1.2 });
    expect(file.length).toBeLessThan((frames * 4 * 4) / 8 + 60);
    expect((await codec.decode(file)).channels[0]!.length).toBe(12000);
  });
});
