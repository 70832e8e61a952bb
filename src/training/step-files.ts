import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { GraphFn } from '../engine/engine.ts';
import { loadGradients } from '../engine/gradients.ts';
import { encodeModel, renamed } from '../engine/onnx/model-proto.ts';
import { trace } from '../engine/onnx/trace.ts';
import { writeFileAtomically } from '../media/atomic-file.ts';
import { AVERAGE_SETTLING } from '../nn/adam.ts';
import type { Recipe } from '../recipe/schema.ts';
import { saveCheckpoint, type TrainingState, tensorNames } from './checkpoint.ts';
import type { Objective } from './objective.ts';
import { STATE_PREFIXES, stepGraph } from './optimised.ts';
import {
  adamOptions,
  lossGraph,
  OPPONENT_LOSS,
  opponentLoss,
  opponentOptions,
  SCHEDULE_END,
  startState,
  VALIDATION_BATCHES,
} from './trainer.ts';

interface FileTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

interface GraphFile {
  readonly file: string;
  readonly inputs: readonly FileTensor[];
  readonly outputs: readonly FileTensor[];
}

const NEXT = 'next:';

/**
 * Writes what it takes to train without this package: a step's graph (forward, gradients, optimiser), an opponent's if there
 * is one, the forward pass alone, the state they start from as a checkpoint, the recipe, and a manifest of how they belong together
 * (docs/training.md). Gives the files' names.
 */
export async function writeStepFiles(
  recipe: Recipe,
  objective: Objective,
  seed: number,
  folder: string,
  restore: (state: TrainingState) => void = () => {},
): Promise<string[]> {
  await loadGradients();
  const { training } = recipe;
  const state = startState(objective, training, seed, restore);
  const loss = lossGraph(objective, state.weights);
  const adam = adamOptions(training);
  mkdirSync(folder, { recursive: true });
  const step = await writeGraph(folder, 'step.onnx', (io) => stepGraph(io, state.weights, adam, loss));
  const forward = await writeGraph(folder, 'forward.onnx', (io) => io.output('total', loss(io)));
  const { opponent } = objective;
  const against =
    opponent && state.opponent
      ? await writeGraph(folder, 'opponent.onnx', (io) => {
          const { weights } = state.opponent!;
          stepGraph(io, weights, opponentOptions(training), opponentLoss(objective, opponent, weights));
        })
      : undefined;
  const carried = [...step.outputs, ...(against?.outputs ?? [])]
    .filter(({ name }) => name.startsWith(NEXT))
    .map(({ name }) => name);
  const tensors = tensorNames(state);
  const manifest = {
    format: 'neural-codec-step',
    version: 2,
    recipe: recipe.name,
    seed,
    sampleRateHz: objective.sampleRateHz,
    batch: { input: 'x', shape: objective.batchShape, augment: training.augment },
    validation: { share: training.validationShare, batches: VALIDATION_BATCHES },
    losses: ['total', ...objective.losses, 'gradientNorm'],
    step,
    forward,
    ...(against && { opponent: { ...against, shown: opponent!.shown, loss: OPPONENT_LOSS } }),
    state: carried.map((output) => {
      const input = output.slice(NEXT.length);
      return { input, output, tensor: tensors.get(input) };
    }),
    schedule: {
      kind: 'warmup-cosine',
      learningRate: training.learningRate,
      warmupSteps: training.warmupSteps,
      end: SCHEDULE_END,
    },
    adam: { ...adam, averageSettling: AVERAGE_SETTLING },
    averagePrefix: adam.averageDecay > 0 ? STATE_PREFIXES.averages : STATE_PREFIXES.weights,
    learned: [...state.learned.keys()],
    rules: objective.rules(),
  };
  await saveCheckpoint(folder, state);
  writeFileSync(path.join(folder, 'recipe.json'), `${JSON.stringify(recipe, null, 2)}\n`);
  writeFileSync(path.join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const graphs = [step, forward, ...(against ? [against] : [])].map(({ file }) => file);
  return [...graphs, 'checkpoint.safetensors', 'recipe.json', 'manifest.json'];
}

/** Inputs and outputs are called what the graph function calls them; an output of an input's name is its next value. */
async function writeGraph(folder: string, file: string, fn: GraphFn): Promise<GraphFile> {
  const { graph, inputs, outputs } = trace(fn);
  const labels = new Set(inputs.map(({ label }) => label));
  const names = new Map([
    ...inputs.map(({ name, label }) => [name, label] as const),
    ...outputs.map(({ name, label }) => [name, labels.has(label) ? NEXT + label : label] as const),
  ]);
  const result = renamed(graph, names);
  await writeFileAtomically(path.join(folder, file), encodeModel(result), { force: true });
  const described = ({ name, type, shape }: (typeof result.inputs)[number]) => ({ name, dtype: type, shape });
  return { file, inputs: result.inputs.map(described), outputs: result.outputs.map(described) };
}
