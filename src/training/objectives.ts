import type { Engine } from '../engine/engine.ts';
import type { Recipe } from '../recipe/schema.ts';
import { loadWeights } from '../weights/store.ts';
import type { Objective } from './objective.ts';

interface ObjectiveEntry {
  readonly about: string;
  readonly create: (recipe: Recipe, engine: Engine) => Promise<Objective>;
}

/** Everything about a recipe that can be trained, the first by default. Modules load only when asked for. */
export const objectives = {
  codec: {
    about: 'encoder, quantizer and decoder',
    create: async (recipe, engine) =>
      new (await import('./codec-objective.ts')).CodecObjective(recipe, engine),
  },
  vocoder: {
    about: "the network of a recipe's vocoder; the codec's own weights must be there",
    create: async (recipe) => {
      const { VocoderObjective } = await import('./vocoder-objective.ts');
      return new VocoderObjective(recipe, loadWeights(recipe.weights).tensors);
    },
  },
} as const satisfies Record<string, ObjectiveEntry>;

export type ObjectiveName = keyof typeof objectives;

export const objectiveNames = Object.keys(objectives) as [ObjectiveName, ...ObjectiveName[]];
