import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { createEngine } from '../src/engine/catalogue.ts';
import { readAudio } from '../src/media/audio-file.ts';
import { Codec } from '../src/recipe/codec.ts';
import { maxAbsDifference } from './golden/shared.ts';

const speech = fileURLToPath(new URL('../examples/speech.wav', import.meta.url));

it('webgpu gives the codes of the cpu, ties aside, and the same sound', { timeout: 120_000 }, async ({
  skip,
}) => {
  try {
    await createEngine('onnx', { device: 'webgpu' });
  } catch (error) {
    skip((error as Error).message);
  }
  const cpu = await Codec.load('encodec-24k');
  const card = await Codec.load('encodec-24k', { device: 'webgpu' });
  const { sampleRateHz, channels } = cpu.parts;
  const whole = await readAudio(speech, { sampleRateHz, channels });
  const signal = { ...whole, channels: whole.channels.map((samples) => samples.slice(0, 2 * sampleRateHz)) };
  const want = await cpu.toCodes(signal);
  const got = await card.toCodes(signal);
  const differing = got.indices.filter((index, i) => index !== want.indices[i]).length;
  // Its products round differently: a latent half-way between two vectors may go to the other one.
  expect(differing / want.indices.length).toBeLessThan(0.005);
  const [a, b] = [await cpu.fromCodes(want), await card.fromCodes(want)];
  expect(maxAbsDifference(a.channels[0]!, b.channels[0]!)).toBeLessThan(1e-4);
  await cpu.dispose();
  await card.dispose();
});
