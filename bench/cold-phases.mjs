// What `codec encode` does, one thing after the other, with the time after each. Run by cold.mjs in a process of its own.
const marks = [];
const mark = (name) => marks.push([name, performance.timeOrigin + performance.now()]);
mark('start of Node');

// Everything main.js loads besides itself.
await Promise.all([
  import('yargs'),
  import('yargs/helpers'),
  ...['decode', 'encode', 'info', 'recipes', 'train', 'weights'].map(
    (name) => import(`../dist/src/cli/${name}.js`),
  ),
]);
mark('modules');

const { loadRecipe } = await import('../dist/src/recipe/load.js');
const { loadWeights } = await import('../dist/src/weights/store.js');
const { Codec } = await import('../dist/src/recipe/codec.js');
const { readAudio } = await import('../dist/src/media/audio-file.js');
const { createEngine } = await import('../dist/src/engine/catalogue.js');

const recipe = loadRecipe('encodec-24k');
mark('recipe');
const { tensors, fingerprint } = loadWeights(recipe.weights);
mark('weights');
await createEngine('onnx');
mark('onnxruntime');
const codec = await Codec.create(recipe, tensors, { fingerprint });
mark('codec');
await codec.parts.model.encoder(codec.codebooksFor());
mark('compile');
const audio = await readAudio(process.argv[2], recipe.signal);
mark('read and resample');
await codec.encode(audio);
mark('encode');
await codec.dispose();
process.stdout.write(JSON.stringify(marks));
