import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import type { HostTensor } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import type { Engine } from '../engine/engine.ts';
import { Codec } from '../recipe/codec.ts';
import { loadRecipe } from '../recipe/load.ts';
import { readSafetensors } from '../weights/safetensors.ts';
import { adoptModel, loadCheckpoint, modelWeights, saveCheckpoint } from './checkpoint.ts';
import type { Clip } from './dataset.ts';
import { packModel } from './pack.ts';
import { Trainer } from './trainer.ts';

const recipe = loadRecipe('encodec-24k', [
  'encoder.nFilters=2',
  'decoder.nFilters=2',
  'latent.dimension=8',
  'quantizer.codebooks=4',
  'quantizer.codebookSize=16',
  'bitrates.kbps=[0.3, 0.6, 1.2]',
  'bitrates.default=0.6',
  'training.segmentFrames=12',
  'training.batch=2',
  'training.warmupSteps=1',
  'training.learningRate=0.005',
  'training.unquantizedSteps=3',
  'training.losses.windows=[512, 128]',
  'training.losses.melBands=[20, 8]',
]);
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

  async function run(trainer: Trainer, steps: number): Promise<number[]> {
    const totals: number[] = [];
    for (let i = 0; i < steps; i++) totals.push((await trainer.step(clips, 40)).losses.total!);
    return totals;
  }

  it('lowers its loss, with and without the quantizer', async () => {
    const trainer = await Trainer.create(recipe, engine, 1);
    const before = await trainer.validate(clips, 0, 2);
    await run(trainer, 40);
    const after = await trainer.validate(clips, 0, 2);
    expect(after.total!).toBeLessThan(0.8 * before.total!);
    for (const codebooks of [1, 4]) {
      expect((await trainer.validate(clips, codebooks, 2)).total!).toBeLessThan(0.85 * before.total!);
    }
  });

  it('takes the same first step on the second engine', async () => {
    const reports = [];
    for (const each of [engine, await createEngine('tfjs-cpu')]) {
      const trainer = await Trainer.create(recipe, each, 1);
      reports.push((await trainer.step(clips, 40)).losses);
    }
    for (const [name, value] of Object.entries(reports[0]!)) {
      expect(Math.abs(reports[1]![name]! - value), name).toBeLessThan(1e-3 * Math.max(1, value));
    }
  });

  it('resumed from a checkpoint gives the weights of a run without a break', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'training-'));
    const whole = await Trainer.create(recipe, engine, 7);
    await run(whole, 8);
    const first = await Trainer.create(recipe, engine, 7);
    await run(first, 5);
    await saveCheckpoint(folder, first.state);
    const second = await Trainer.create(recipe, engine, 99, (state) => loadCheckpoint(folder, state));
    expect(second.state.step).toBe(5);
    await run(second, 3);
    expect(flat(modelWeights(second.state))).toEqual(flat(modelWeights(whole.state)));
  });

  it('refuses a checkpoint of another recipe, or none', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'training-'));
    const load = (state: Parameters<typeof loadCheckpoint>[1]) => loadCheckpoint(folder, state);
    await expect(Trainer.create(recipe, engine, 1, load)).rejects.toThrow(/no checkpoint/);
    await saveCheckpoint(folder, (await Trainer.create(recipe, engine, 1)).state);
    const wider = { ...recipe, encoder: { ...recipe.encoder, nFilters: 4 } };
    await expect(Trainer.create(wider, engine, 1, load)).rejects.toThrow(/not of this recipe/);
  });

  it('started from a trained model goes on from where that was', async () => {
    const first = await Trainer.create(recipe, engine, 1);
    await run(first, 40);
    const model = modelWeights(first.state);
    const second = await Trainer.create(recipe, engine, 2, (state) => adoptModel(model, state, 24));
    expect(second.state.step).toBe(0);
    for (const codebooks of [0, 4]) {
      expect(await second.validate(clips, codebooks, 2)).toEqual(await first.validate(clips, codebooks, 2));
    }
    const fresh = await Trainer.create(recipe, engine, 2);
    await run(second, 4);
    expect((await second.validate(clips, 4, 2)).total!).toBeLessThan(
      0.85 * (await fresh.validate(clips, 0, 2)).total!,
    );
    const wider = { ...recipe, encoder: { ...recipe.encoder, nFilters: 4 } };
    await expect(Trainer.create(wider, engine, 1, (state) => adoptModel(model, state, 24))).rejects.toThrow(
      /to start from are not of this recipe at encoder/,
    );
  });

  it('refuses a stereo recipe', async () => {
    const stereo = { ...recipe, signal: { ...recipe.signal, channels: 2 } };
    await expect(Trainer.create(stereo, engine, 1)).rejects.toThrow(
      /found 2 channels, expected a mono recipe/,
    );
  });

  it('packs a model that encodes below its nominal bitrate', async () => {
    const trainer = await Trainer.create(recipe, engine, 1);
    await run(trainer, 10);
    const bytes = await packModel(recipe, modelWeights(trainer.state), {
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
