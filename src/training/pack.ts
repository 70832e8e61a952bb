import type { Codes } from '../core/codes.ts';
import type { HostTensor } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import { entropyTensors } from '../entropy/model-tables.ts';
import { Codec } from '../recipe/codec.ts';
import type { Recipe } from '../recipe/schema.ts';
import { readSafetensors, writeSafetensors } from '../weights/safetensors.ts';
import { codeVectors } from './code-vectors.ts';
import type { Clip } from './dataset.ts';
import { entropyTables } from './entropy-tables.ts';

export interface TableSource {
  /** Sound the tables are made from, of which at most `maxSeconds` are taken. */
  readonly clips: readonly Clip[];
  readonly engine: string;
  readonly maxSeconds: number;
  /** Told what is being done. */
  readonly onStage?: (text: string) => void;
}

/** A trained model as it ships: weights in float16, and beside them the tables of the entropy coders. */
export async function packModel(
  recipe: Recipe,
  weights: ReadonlyMap<string, HostTensor>,
  source: TableSource,
): Promise<Uint8Array> {
  // The tables must describe the model as it will be: with its weights already rounded.
  const { tensors } = readSafetensors(writeSafetensors(weights, {}, () => 'F16'));
  const { tensors: tables } = await tablesOf(recipe, tensors, source);
  return writeSafetensors(new Map([...tensors, ...tables]), { recipe: recipe.name }, (_, t) =>
    t.dtype === 'float32' ? 'F16' : 'I32',
  );
}

/** Entropy coding tables for weights that have none, as tensors. */
export async function tablesOf(
  recipe: Recipe,
  weights: ReadonlyMap<string, HostTensor>,
  source: TableSource,
): Promise<{ readonly tensors: Map<string, HostTensor>; readonly audioSeconds: number }> {
  const codec = await Codec.create(recipe, weights, { engine: source.engine });
  source.onStage?.(`encoding ${source.clips.length} files`);
  const { codes, audioSeconds } = await codesOf(codec, recipe, source);
  const codebookCounts = recipe.bitrates.kbps.map((kbps) => codec.codebooksFor(kbps));
  const framesPerChunk = codec.parts.framing.framesPerChunk(codec.parts.model);
  await codec.dispose();
  const vectors = await codeVectors(recipe, weights, await createEngine(source.engine));
  source.onStage?.(`training tables on ${audioSeconds.toFixed(0)} s of sound`);
  const tables = entropyTables(codes, vectors, { framesPerChunk, codebookCounts });
  return { tensors: entropyTensors(tables), audioSeconds };
}

async function codesOf(codec: Codec, recipe: Recipe, { clips, maxSeconds, onStage }: TableSource) {
  const { sampleRateHz } = recipe.signal;
  const bitrateKbps = Math.max(...recipe.bitrates.kbps);
  const codes: Codes[] = [];
  let audioSeconds = 0;
  const quarter = Math.ceil(clips.length / 4);
  for (const [i, { samples }] of clips.entries()) {
    if (i > 0 && i % quarter === 0) onStage?.(`encoded ${i} of ${clips.length} files`);
    if (audioSeconds > maxSeconds) break;
    if (samples.length === 0) continue;
    const channel = Float32Array.from(samples, (v) => v / 32768);
    const channels = Array.from({ length: recipe.signal.channels }, () => channel);
    codes.push(await codec.toCodes({ kind: 'audio', sampleRateHz, channels }, { bitrateKbps }));
    audioSeconds += channel.length / sampleRateHz;
  }
  return { codes, audioSeconds };
}
