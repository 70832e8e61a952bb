// From a folder of speech to a babbling language model and back to sound, in a minute or two:
//
//     node examples/speech-lm.mjs FOLDER OUT [--recipe mel-24k] [--bitrate 1.5] [--minutes 1] [--seconds 5]
//
// 1. tokenize the folder (OUT/tokens), 2. train a tiny transformer on the delay pattern, 3. sample under slot masks,
// 4. detokenize (OUT/sample.wav). What comes out has the sound of speech and no words: the model is far too small for words.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Rng, writeAudio } from 'neural-codec';
import { AudioTokenizer, idMask, openTokenDataset, tokenizeDataset } from 'neural-codec/tokens';
import { createTransformer } from './tiny-transformer.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    recipe: { type: 'string', default: 'mel-24k' },
    bitrate: { type: 'string', default: '1.5' },
    minutes: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '5' },
    context: { type: 'string', default: '64' },
    width: { type: 'string', default: '128' },
    batch: { type: 'string', default: '8' },
    temperature: { type: 'string', default: '0.9' },
    seed: { type: 'string', default: '1' },
  },
});
const [folder, out] = positionals;
if (!folder || !out) throw new Error('usage: node examples/speech-lm.mjs FOLDER OUT');
const rng = new Rng(Number(values.seed));
const bitrate = Number(values.bitrate);

// 1. A dataset of tokens, in the delay pattern. A second run goes on from where it was.
const tokens = path.join(out, 'tokens');
await tokenizeDataset({
  inputs: [folder],
  output: tokens,
  recipe: values.recipe,
  tokenizer: { bitrate },
  layout: 'delay',
  resume: true,
  onProgress: ({ items, totalItems }) => process.stderr.write(`\rtokenized ${items}/${totalItems} files`),
});
process.stderr.write('\n');

// 2. Sequences with bos and eos: position i predicts i + 1 in every stream at once.
const { sequencer, rows } = openTokenDataset(tokens);
const { vocabulary, layout } = sequencer;
const sequences = [];
for await (const row of rows()) {
  const { ids } = sequencer.encode(sequencer.decode(row.tokens), { bos: true, eos: true });
  sequences.push(ids);
}
const [context, batch] = [Number(values.context), Number(values.batch)];
const shape = {
  streams: layout.streams,
  vocabulary: vocabulary.end,
  context,
  width: Number(values.width),
  layers: 2,
};
const model = await createTransformer(shape, { batch, seed: Number(values.seed) });

/** Windows drawn at random; what follows the end does not count. */
function draw() {
  const size = batch * context * shape.streams;
  const [ids, targets, mask] = [
    new Int32Array(size).fill(vocabulary.special('pad')),
    new Int32Array(size),
    new Float32Array(size),
  ];
  for (let b = 0; b < batch; b++) {
    const sequence = sequences[rng.int(sequences.length)];
    const start = rng.int(Math.max(1, sequence[0].length - context));
    for (let i = 0; i < context && start + i + 1 < sequence[0].length; i++) {
      for (let s = 0; s < shape.streams; s++) {
        const at = (b * context + i) * shape.streams + s;
        ids[at] = sequence[s][start + i];
        targets[at] = sequence[s][start + i + 1];
        mask[at] = 1;
      }
    }
  }
  return [ids, targets, mask];
}

const budgetMs = Number(values.minutes) * 60_000;
const startedAt = performance.now();
let [steps, loss, progress] = [0, Math.log(shape.vocabulary), 0];
const firstLoss = loss;
do {
  const learningRate = 2e-3 * Math.min(1, (steps + 1) / 20) * (1 - 0.9 * progress);
  loss += ((await model.train(...draw(), learningRate)) - loss) * (steps < 20 ? 0.3 : 0.05);
  steps++;
  progress = Math.min(1, (performance.now() - startedAt) / budgetMs);
  process.stderr.write(`\rstep ${steps}, loss ${loss.toFixed(3)} nats of ${firstLoss.toFixed(3)}`);
} while (progress < 1);
process.stderr.write('\n');

// 3. Sampling: at every position only ids that the layout allows there.
const tokenizer = await AudioTokenizer.load(values.recipe, { bitrate });
const frames = Math.max(1, Math.round(Number(values.seconds) * tokenizer.frameRateHz));
const length = sequencer.length(frames);
const sampled = Array.from({ length: shape.streams }, () =>
  new Int32Array(length + 1).fill(vocabulary.special('bos')),
);
for (let i = 0; i < length; i++) {
  // The last positions of what there is, from the start of the window.
  const from = Math.max(0, i + 1 - context);
  const window = new Int32Array(context * shape.streams).fill(vocabulary.special('pad'));
  for (let t = from; t <= i; t++) {
    for (let s = 0; s < shape.streams; s++) window[(t - from) * shape.streams + s] = sampled[s][t];
  }
  const logits = await model.predict(window);
  for (let s = 0; s < shape.streams; s++) {
    const at = ((i - from) * shape.streams + s) * shape.vocabulary;
    const legal = idMask(sequencer.legal(s, i, frames), { from: 0, to: shape.vocabulary });
    sampled[s][i + 1] = choose(logits.subarray(at, at + shape.vocabulary), legal);
  }
  process.stderr.write(`\rsampled ${i + 1}/${length} positions`);
}
process.stderr.write('\n');

/** Draws an id that is legal, likely ones more often. */
function choose(logits, legal) {
  const ids = [...legal.keys()].filter((id) => legal[id]);
  const most = Math.max(...ids.map((id) => logits[id]));
  const weights = ids.map((id) => Math.exp((logits[id] - most) / Number(values.temperature)));
  let left = rng.uniform() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [i, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return ids[i];
  }
  return ids.at(-1);
}

// 4. Back to sound. The slot masks made a complete sequence; a model without them would ask for the longest valid prefix.
const codes = sequencer.decode(sampled, { invalid: 'prefix' });
const sound = await tokenizer.decode(codes);
const file = path.join(out, 'sample.wav');
await writeAudio(file, sound, { force: true });
await tokenizer.dispose();
const result = {
  file,
  sequences: sequences.length,
  parameters: model.parameters,
  steps,
  loss,
  firstLoss,
  frames: codes[0].length,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
