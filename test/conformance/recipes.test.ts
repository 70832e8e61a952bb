import { fileURLToPath } from 'node:url';
import { readAudio } from '../../src/media/audio-file.ts';
import { recipeNames } from '../../src/recipe/load.ts';
import { describeCodec } from './codec-suite.ts';

const speech = fileURLToPath(new URL('../../examples/speech.wav', import.meta.url));

// Every recipe that ships passes the suite.
for (const recipe of recipeNames()) {
  describeCodec({ recipe, sound: (sampleRateHz, channels) => readAudio(speech, { sampleRateHz, channels }) });
}
