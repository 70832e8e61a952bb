import { readFileSync } from 'node:fs';
import type { HostTensor } from '../core/tensor.ts';
import { TABLES_PREFIX } from '../entropy/model-tables.ts';
import type { Recipe } from '../recipe/schema.ts';
import { packWeights, replaceTensors } from '../weights/pack.ts';
import { loadWeights } from '../weights/store.ts';
import { isPacked, unpackWeights } from '../weights/unpack.ts';
import { loadClips } from './dataset.ts';
import { tablesOf } from './pack.ts';

export interface TablesRun {
  readonly recipe: Recipe;
  /** Folder of sound files. */
  readonly data: string;
  readonly engine: string;
  /** Sound to take, at most. */
  readonly maxSeconds: number;
  readonly onStage?: (text: string) => void;
  readonly onWarning?: (text: string) => void;
}

/**
 * A recipe's weights, packed, with entropy coding tables made anew from sound. The tables are counted with the packed
 * weights' own codes; weights that are not packed yet are packed first. Nothing else about packed weights changes.
 */
export async function makeTables({ recipe, data, engine, maxSeconds, onStage, onWarning }: TablesRun) {
  const { file, tensors, metadata } = loadWeights(recipe.weights);
  const stored = readFileSync(file);
  if (!isPacked(stored)) onStage?.(`packing ${file}`);
  const packed = isPacked(stored) ? stored : packWeights(bare(tensors), { metadata }).bytes;
  onStage?.(`reading sound from ${data}`);
  const clips = await loadClips(data, {
    sampleRateHz: recipe.signal.sampleRateHz,
    onBad: (clip, error) =>
      onWarning?.(`left out ${clip}: ${error instanceof Error ? error.message : error}`),
  });
  const weights = bare(unpackWeights(packed, file).tensors);
  const made = await tablesOf(recipe, weights, {
    clips,
    engine,
    maxSeconds,
    ...(onStage && { onStage }),
  });
  return { ...replaceTensors(packed, TABLES_PREFIX, made.tensors), audioSeconds: made.audioSeconds };
}

function bare(tensors: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  return new Map([...tensors].filter(([name]) => !name.startsWith(TABLES_PREFIX)));
}
