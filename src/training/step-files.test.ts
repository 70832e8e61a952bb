import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import type { Engine } from '../engine/engine.ts';
import { writeAudio } from '../media/audio-file.ts';
import { codebookName } from '../quantizers/rvq.ts';
import { Codec } from '../recipe/codec.ts';
import { freshWeights } from '../recipe/fresh-weights.ts';
import { loadRecipe } from '../recipe/load.ts';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { CodecObjective } from './codec-objective.ts';
import { loadClips, splitClips } from './dataset.ts';
import { writeStepFiles } from './step-files.ts';
import { TINY_MAGNITUDES, TINY_MEL, tinyRecipe } from './test-recipe.ts';
import { type StepReport, Trainer } from './trainer.ts';
import { VocoderObjective } from './vocoder-objective.ts';

const recipe = tinyRecipe([
  'training.validationShare=0.34',
  'encoder.lstmLayers=1',
  'decoder.lstmLayers=0',
  'training.segmentFrames=8',
  'training.losses.windows=[128]',
  'training.losses.melBands=[12]',
  'training.balancer={}',
  'training.adversary.windows=[64]',
  'training.adversary.filters=2',
  'training.batch=1',
  // Adam's first steps turn rounding errors of gradients into whole steps: small ones, then, or runs part.
  'training.learningRate=0.0005',
  'training.augment.mixShare=0.5',
  'training.augment.speedShare=0.5',
  'training.augment.bandShare=0.5',
]);
const melRecipe = loadRecipe('mel-24k', [
  ...TINY_MEL,
  ...TINY_MAGNITUDES,
  'training.learningRate=0.0005',
  'training.unquantizedSteps=3',
  'training.bypassShare=0.3',
  'training.validationShare=0.34',
]);
const SCRIPT = path.join(import.meta.dirname, '../../training/run_step.py');
const RATE = { sampleRateHz: 24000 };
const python = ['python3', '/usr/bin/python3'].find(
  (each) => spawnSync(each, ['-c', 'import torch, numpy']).status === 0,
);
const skipped = [
  ...(python ? [] : ['PyTorch is not installed (Debian: python3-torch)']),
  ...(spawnSync('ffmpeg', ['-version']).status === 0 ? [] : ['ffmpeg is not installed']),
];

/** A tone and some noise per file, each by another speaker. */
async function writeData(data: string, names: readonly string[]): Promise<void> {
  mkdirSync(data);
  const rng = new Rng(3);
  for (const [speaker, name] of names.entries()) {
    const samples = Float32Array.from(
      { length: 12000 },
      (_, t) => 0.25 * Math.sin(t * (0.05 + 0.03 * speaker)) + 0.02 * rng.normal(),
    );
    await writeAudio(path.join(data, name), { kind: 'audio', ...RATE, channels: [samples] });
  }
}

const python3 = (step: string, data: string, out: string, steps: number, more: readonly string[] = []) =>
  spawnSync(
    python!,
    [
      SCRIPT,
      step,
      '--data',
      data,
      '--out',
      out,
      '--steps',
      `${steps}`,
      '--log-every',
      '1',
      '--threads',
      '1',
    ].concat(more),
    { encoding: 'utf8' },
  );

function runPython(...given: Parameters<typeof python3>): StepEntry[] {
  const { status, stderr } = python3(...given);
  if (status !== 0) throw new Error(stderr);
  return readFileSync(path.join(given[2], 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

interface StepEntry extends StepReport {
  readonly validation: Record<string, Record<string, number>>;
}

function expectClose(found: object, expected: object, where: string, tolerance = 3e-3): void {
  expect(Object.keys(found), where).toEqual(Object.keys(expected));
  for (const [name, value] of Object.entries(expected)) {
    const difference = Math.abs((found as Record<string, number>)[name]! - value);
    expect(difference, `${name} ${where}`).toBeLessThan(tolerance * Math.max(0.1, Math.abs(value)));
  }
}

describe.skipIf(skipped.length > 0)(`a step outside of this package ${skipped.join(', ')}`, () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'step-'));
  const inFolder = (name: string) => path.join(folder, name);
  const data = inFolder('data');
  const step = inFolder('step');
  let engine: Engine;
  let split: ReturnType<typeof splitClips>;
  const objective = () => new CodecObjective(recipe, engine);

  beforeAll(async () => {
    await writeData(data, ['0-tone.wav', '1-tone.flac', '2-tone.flac']);
    engine = await createEngine('onnx', { threads: 1 });
    split = splitClips(await loadClips(data, RATE), recipe.training.validationShare, new Rng(1));
    expect(split.validation.length).toBe(1);
    for (const file of await writeStepFiles(recipe, objective(), 1, step))
      expect(existsSync(path.join(step, file)), file).toBe(true);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('trains in PyTorch as here, with the same batches, codebooks and draws; each goes on where the other stopped', async () => {
    const [out, after5] = [inFolder('run'), inFolder('run-after-5')];
    const entries = runPython(step, data, out, 10);
    const here = await Trainer.create(objective(), recipe.training, engine, 1);
    const reports: StepReport[] = [];
    for (let i = 0; i < 10; i++) {
      if (i === 5) await saveCheckpoint(after5, here.state);
      reports.push(await here.step(split.train, 10));
    }
    for (const [i, report] of reports.entries()) {
      expect(entries[i]!.learningRate).toBeCloseTo(report.learningRate, 8);
      expectClose(entries[i]!.losses, report.losses, `at step ${i + 1}`);
    }
    const validation = await here.validate(split.validation);
    const found = entries.at(-1)!.validation;
    expect(Object.keys(found)).toEqual(Object.keys(validation));
    for (const [condition, losses] of Object.entries(validation))
      expectClose(found[condition]!, losses, condition);

    // There, from a checkpoint of here: the same steps as going on here.
    const gone = runPython(step, data, after5, 10);
    expect(gone.filter(({ losses }) => losses).map((entry) => entry.step)).toEqual([6, 7, 8, 9, 10]);
    for (const [i, report] of reports.slice(5).entries())
      expectClose(gone[i]!.losses, report.losses, `at step ${i + 6}, begun here`);
    expectClose(gone.at(-1)!.validation.none!, validation.none!, 'begun here');

    // Here, from a checkpoint of there: it and its model are like any other.
    const back = await Trainer.create(objective(), recipe.training, engine, 9, (s) => loadCheckpoint(out, s));
    expect(back.state.step).toBe(10);
    expect(back.state.rng).toEqual(here.state.rng);
    expectClose((await back.validate(split.validation)).none!, validation.none!, 'after loading');
    const [next, expected] = [await back.step(split.train, 20), await here.step(split.train, 20)];
    expectClose(next.losses, expected.losses, 'at step 11');
    const model = back.objective.model(back.modelWeights);
    const codec = await Codec.create({ ...recipe, entropy: 'none' }, model);
    const channels = [Float32Array.from(split.train[0]!.samples, (v) => v / 32768)];
    const file = await codec.encode({ kind: 'audio', ...RATE, channels }, { bitrateKbps: 1.2 });
    expect((await codec.decode(file)).channels[0]!.length).toBe(12000);
    await codec.dispose();
  }, 300_000);

  it.each([
    ['codec', () => new CodecObjective(melRecipe, engine)],
    ['vocoder', () => new VocoderObjective(melRecipe, codecWeights())],
  ])(
    'trains the %s of a recipe with features in PyTorch as here',
    async (name, make) => {
      const own = inFolder(`step-${name}`);
      await writeStepFiles(melRecipe, make(), 1, own);
      const entries = runPython(own, data, inFolder(`run-${name}`), 10);
      const here = await Trainer.create(make(), melRecipe.training, engine, 1);
      for (let i = 0; i < 10; i++) {
        const { losses } = await here.step(split.train, 10);
        expectClose(entries[i]!.losses, losses, `at step ${i + 1}`);
      }
      const validation = await here.validate(split.validation);
      expect(Object.keys(entries.at(-1)!.validation)).toEqual(['none', '1.5kbps', '3kbps']);
      for (const [condition, losses] of Object.entries(validation))
        expectClose(entries.at(-1)!.validation[condition]!, losses, condition);
      const back = await Trainer.create(make(), melRecipe.training, engine, 1, (s) =>
        loadCheckpoint(inFolder(`run-${name}`), s),
      );
      expectClose((await back.validate(split.validation)).none!, validation.none!, 'after loading');
    },
    120_000,
  );

  it('trains with bfloat16 products nearly as with float32', () => {
    const exact = runPython(step, data, inFolder('float32'), 3);
    const coarse = runPython(step, data, inFolder('bf16'), 3, ['--device', 'cpu', '--precision', 'bf16']);
    for (const i of [0, 1, 2]) {
      const [{ gradientNorm: _, ...found }, { gradientNorm: __, ...losses }] = [coarse, exact].map(
        (entries) => entries[i]!.losses,
      ) as [Record<string, number>, Record<string, number>];
      expectClose(found, losses, `at step ${i + 1}`, 0.05);
      expect(found.total).not.toBe(losses.total);
    }
  }, 60_000);

  it('reads Opus as here, but for the resampler: Opus files have 48 kHz', async () => {
    const sounds = inFolder('opus');
    await writeData(sounds, ['0-a.opus', '1-b.opus']);
    const script = `
import sys, json
sys.path.insert(0, sys.argv[1])
from steps.sound import load_clips
print(json.dumps([[name, x.tolist()] for name, x in load_clips(sys.argv[2], 24000)]))`;
    const { stdout } = spawnSync(python!, ['-c', script, path.dirname(SCRIPT), sounds], { encoding: 'utf8' });
    const there = JSON.parse(stdout) as [string, number[]][];
    const here = await loadClips(sounds, RATE);
    expect(there.map(([name]) => name)).toEqual(here.map(({ name }) => name));
    for (const [i, { samples }] of here.entries()) {
      const found = there[i]![1];
      expect(found.length).toBe(samples.length);
      let [error, power] = [0, 0];
      for (const [t, v] of samples.entries()) {
        error += (found[t]! - v) ** 2;
        power += v ** 2;
      }
      expect(power / samples.length).toBeGreaterThan(1e7);
      expect(error / power).toBeLessThan(1e-3);
    }
  });

  it('says what is missing for a device or a precision', () => {
    const failure = (...more: string[]) => {
      const { status, stderr } = python3(step, data, inFolder('none'), 1, more);
      expect(status).toBe(1);
      expect(existsSync(inFolder('none'))).toBe(false);
      return stderr;
    };
    expect(failure('--device', 'cpu', '--precision', 'tf32')).toMatch(
      /tf32 is one of NVIDIA cards.*use float32/,
    );
    const card = spawnSync(python!, ['-c', 'import torch; assert torch.cuda.is_available()']).status === 0;
    if (!card) expect(failure('--device', 'cuda')).toMatch(/^--device cuda: this PyTorch .*--device cpu/);
  });
});

/** A codec that nobody trained, its codebooks included. */
function codecWeights(): Map<string, HostTensor> {
  const rng = new Rng(5);
  const { codebooks, codebookSize } = melRecipe.quantizer;
  const shape = [codebookSize, melRecipe.latent.dimension];
  const draw = () => Float32Array.from({ length: shape[0]! * shape[1]! }, () => 0.1 * rng.normal());
  return new Map([
    ...freshWeights(melRecipe, rng),
    ...Array.from({ length: codebooks }, (_, q) => [codebookName(q), float32(shape, draw())] as const),
  ]);
}
