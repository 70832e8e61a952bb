import { mkdtempSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readAudio } from '../../src/media/audio-file.ts';
import { randomWeights } from '../cli/fixtures.ts';
import { describeCodec } from './codec-suite.ts';

const speech = fileURLToPath(new URL('../../examples/speech.wav', import.meta.url));

// The 48 kHz recipe's way of working, narrow and with random weights: short segments, so that there are several.
const folder = mkdtempSync(path.join(os.tmpdir(), 'segments-'));
const recipe = path.join(folder, 'narrow-48k.yaml');
writeFileSync(
  recipe,
  `extends: encodec-48k
name: narrow-48k
latent: { dimension: 8 }
framing: { lengthSeconds: 0.1 }
encoder: { nFilters: 2, lstmLayers: 1 }
decoder: { nFilters: 2, lstmLayers: 1 }
weights: narrow.safetensors
`,
);
writeFileSync(path.join(folder, 'narrow.safetensors'), randomWeights(recipe, 3));

describeCodec({
  recipe,
  sound: async (sampleRateHz, channels) => {
    const { channels: all, ...rest } = await readAudio(speech, { sampleRateHz, channels });
    return { ...rest, channels: all.map((samples) => samples.slice(48000, 110000)) };
  },
});
