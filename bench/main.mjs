// npm run bench [-- NAME...]: timings of what the project promises to be fast, each next to what it is measured against.
import { codeModels } from './code-models.mjs';
import { coders } from './coders.mjs';
import { cold } from './cold.mjs';
import { engine } from './engine.mjs';
import { fullSize } from './full-size.mjs';
import { languageModel } from './language-model.mjs';
import { metrics } from './metrics.mjs';
import { packed } from './packed.mjs';
import { print, printMachine } from './print.mjs';
import { speech } from './speech.mjs';
import { training } from './training.mjs';

const benches = {
  engine,
  training,
  'full-size': fullSize,
  cold,
  coders,
  models: codeModels,
  'language-model': languageModel,
  speech,
  packed,
  metrics,
};

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(benches);
const unknown = names.find((name) => !Object.hasOwn(benches, name));
if (unknown === undefined) {
  printMachine();
  for (const name of names) {
    print(`\n# ${name}`);
    await benches[name]();
  }
} else {
  process.stderr.write(`bench: there is no bench "${unknown}", only ${Object.keys(benches).join(', ')}\n`);
  process.exitCode = 2;
}
