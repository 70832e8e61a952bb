import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../core/rng.ts';
import { float32, type HostTensor } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import type { Engine } from '../engine/engine.ts';
import { codebookName } from '../quantizers/rvq.ts';
import { weightsSlots, whyUnfit } from '../recipe/check-weights.ts';
import { Codec } from '../recipe/codec.ts';
import { freshWeights } from '../recipe/fresh-weights.ts';
import { loadRecipe } from '../recipe/load.ts';
import { readSafetensors } from '../weights/safetensors.ts';
import type { Clip } from './dataset.ts';
import { TINY_MAGNITUDES, TINY_MEL } from './test-recipe.ts';
import { Trainer } from './trainer.ts';
import { VocoderObjective } from './vocoder-objective.ts';

const sizes = [...TINY_MEL, 'entropy=none', 'training.learningRate=0.005'];
const recipe = loadRecipe('mel-24k', [...sizes, ...TINY_MAGNITUDES, 'vocoder.magnitudes.lookaheadFrames=2']);

const rng = new Rng(5);
const clips: Clip[] = [0, 1].map((c) => ({
  name: `${c}-tones`,
  samples: Int16Array.from(
    { length: 12000 },
    (_, t) => 4000 * (Math.sin(t * (0.05 + 0.01 * c)) + Math.sin(t * (0.1 + 0.02 * c))) + 300 * rng.normal(),
  ),
}));

function codecWeights(): Map<string, HostTensor> {
  const { codebooks, codebookSize } = recipe.quantizer;
  const shape = [codebookSize, recipe.latent.dimension];
  const draw = () => Float32Array.from({ length: shape[0]! * shape[1]! }, () => 0.1 * rng.normal());
  return new Map([
    ...freshWeights(recipe, rng),
    ...Array.from({ length: codebooks }, (_, q) => [codebookName(q), float32(shape, draw())] as const),
  ]);
}

describe('training a vocoder', () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine('onnx', { threads: 1 });
  });

  it('lowers its distance, and leaves the codec as it was', async () => {
    const codec = codecWeights();
    const before = new Map([...codec].map(([name, t]) => [name, Float32Array.from(t.data)]));
    const trainer = await Trainer.create(new VocoderObjective(recipe, codec), recipe.training, engine, 1);
    const untrained = await trainer.validate(clips, 2);
    expect(Object.keys(untrained)).toEqual(['none', '1.5kbps', '3kbps']);
    for (let i = 0; i < 30; i++) await trainer.step(clips, 30);
    const trained = await trainer.validate(clips, 2);
    expect(trained.none!.total!).toBeLessThan(0.9 * untrained.none!.total!);
    // What an untrained codec makes of frames says nothing, but it goes through.
    expect(Number.isFinite(trained['3kbps']!.total)).toBe(true);
    for (const [name, t] of codec) expect([...t.data], name).toEqual([...before.get(name)!]);

    const packed = await trainer.objective.pack(trainer.modelWeights, {
      clips,
      engine: 'onnx',
      maxSeconds: 1,
    });
    const { tensors } = readSafetensors(packed);
    expect([...tensors.keys()].every((name) => name.startsWith('vocoder.'))).toBe(true);
    const [own, vocoder] = weightsSlots(recipe);
    expect(whyUnfit(own!, codec)).toBeUndefined();
    expect(whyUnfit(vocoder!, tensors)).toBeUndefined();
    expect(whyUnfit(vocoder!, codec)?.message).toMatch(/lack vocoder/);

    const whole = await Codec.create(recipe, new Map([...codec, ...tensors]));
    const channel = Float32Array.from(clips[0]!.samples, (v) => v / 32768);
    const signal = { kind: 'audio' as const, sampleRateHz: 24000, channels: [channel] };
    const decoded = await whole.decode(await whole.encode(signal));
    expect(decoded.channels[0]!.length).toBe(channel.length);
    expect(decoded.channels[0]!.every(Number.isFinite)).toBe(true);
    await whole.dispose();
  }, 120_000);

  it('refuses a recipe whose vocoder has nothing to learn', () => {
    const plain = loadRecipe('mel-24k', [...sizes, 'vocoder.magnitudes.type=mel-inverse']);
    expect(() => new VocoderObjective(plain, new Map())).toThrow(/no vocoder to train/);
  });
});
