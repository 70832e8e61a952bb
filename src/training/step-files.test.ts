import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { createEngine } from '../engine/catalogue.ts';
import { writeAudio } from '../media/audio-file.ts';
import { Codec } from '../recipe/codec.ts';
import { loadCheckpoint } from './checkpoint.ts';
import { CodecObjective } from './codec-objective.ts';
import { loadClips, splitClips } from './dataset.ts';
import { writeStepFiles } from './step-files.ts';
import { tinyRecipe } from './test-recipe.ts';
import { type StepReport, Trainer } from './trainer.ts';

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
  'training.augment.mixShare=0.5',
  'training.augment.speedShare=0.5',
  'training.augment.bandShare=0.5',
]);
const folder = mkdtempSync(path.join(os.tmpdir(), 'step-'));
const SCRIPT = path.join(import.meta.dirname, '../../training/run_step.py');
const python = ['python3', '/usr/bin/python3'].find(
  (each) => spawnSync(each, ['-c', 'import torch, numpy']).status === 0,
);
const skipped = [
  ...(python ? [] : ['PyTorch is not installed (Debian: python3-torch)']),
  ...(spawnSync('ffmpeg', ['-version']).status === 0 ? [] : ['ffmpeg is not installed']),
];

async function writeData(): Promise<string> {
  const data = path.join(folder, 'data');
  mkdirSync(data);
  const rng = new Rng(3);
  for (let speaker = 0; speaker < 3; speaker++) {
    const samples = Float32Array.from(
      { length: 12000 },
      (_, t) => 0.25 * Math.sin(t * (0.05 + 0.03 * speaker)) + 0.02 * rng.normal(),
    );
    const signal = { kind: 'audio', sampleRateHz: 24000, channels: [samples] } as const;
    await writeAudio(path.join(data, `${speaker}-tone.wav`), signal);
  }
  return data;
}

function runPython(out: string, data: string, steps: number): void {
  const args = ['--data', data, '--out', out, '--steps', String(steps), '--log-every', '1', '--threads', '1'];
  execFileSync(python!, [SCRIPT, path.join(folder, 'step'), ...args, '--device', 'cpu'], { stdio: 'pipe' });
}

const entriesOf = (out: string) =>
  readFileSync(path.join(out, 'log.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe.skipIf(skipped.length > 0)(`a step outside of this package ${skipped.join(', ')}`, () => {
  it('trains in PyTorch as here, with the same batches, codebooks and draws; each goes on where the other stopped', async () => {
    const engine = await createEngine('onnx', { threads: 1 });
    const data = await writeData();
    const objective = () => new CodecObjective(recipe, engine);
    const [step, out] = [path.join(folder, 'step'), path.join(folder, 'run')];
    const files = await writeStepFiles(recipe, objective(), 1, step);
    for (const file of files) expect(existsSync(path.join(step, file)), file).toBe(true);
    runPython(out, data, 10);

    const clips = await loadClips(data, { sampleRateHz: 24000 });
    const split = splitClips(clips, recipe.training.validationShare, new Rng(1));
    expect(split.validation.length).toBe(1);
    const here = await Trainer.create(objective(), recipe.training, engine, 1);
    const reports: StepReport[] = [];
    for (let i = 0; i < 10; i++) reports.push(await here.step(split.train, 10));
    const entries = entriesOf(out);
    const close = (found: object, expected: object, tolerance: number, where: string) => {
      expect(Object.keys(found), where).toEqual(Object.keys(expected));
      for (const [name, value] of Object.entries(expected)) {
        const difference = Math.abs((found as Record<string, number>)[name]! - value);
        expect(difference, `${name} ${where}`).toBeLessThan(tolerance * Math.max(0.1, Math.abs(value)));
      }
    };
    for (const [i, report] of reports.entries()) {
      expect(entries[i].learningRate).toBeCloseTo(report.learningRate, 8);
      close(entries[i].losses, report.losses, 3e-3, `at step ${i + 1}`);
    }
    const validation = await here.validate(split.validation);
    const found = entries.at(-1).validation;
    expect(Object.keys(found)).toEqual(Object.keys(validation));
    for (const [condition, losses] of Object.entries(validation))
      close(found[condition], losses, 3e-3, condition);

    // What it wrote is a checkpoint and a model like any other.
    const back = await Trainer.create(objective(), recipe.training, engine, 9, (s) => loadCheckpoint(out, s));
    expect(back.state.step).toBe(10);
    expect(back.state.rng).toEqual(here.state.rng);
    close((await back.validate(split.validation)).none!, validation.none!, 3e-3, 'after loading');
    expect((await back.step(split.train, 20)).losses.total!).toBeLessThan(reports[0]!.losses.total!);
    const model = back.objective.model(back.modelWeights);
    const codec = await Codec.create({ ...recipe, entropy: 'none' }, model);
    const channels = [Float32Array.from(clips[0]!.samples, (v) => v / 32768)];
    const file = await codec.encode({ kind: 'audio', sampleRateHz: 24000, channels }, { bitrateKbps: 1.2 });
    expect((await codec.decode(file)).channels[0]!.length).toBe(12000);
  }, 300_000);
});
