import type { Codes } from '../core/codes.ts';
import type { HostTensor } from '../core/tensor.ts';
import { createEngine } from '../engine/catalogue.ts';
import { entropyTensors, TABLES_PREFIX } from '../entropy/model-tables.ts';
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
}

/** A trained model as it ships: weights in float16, and beside them the tables of the entropy coders. */
export async function packModel(
  recipe: Recipe,
  weights: ReadonlyMap<string, HostTensor>,
  source: TableSource,
): Promise<Uint8Array> {
  // The tables must describe the model as it will be: with its weights already rounded.
  const { tensors } = readSafetensors(writeSafetensors(weights, {}, () => 'F16'));
  const packed = await withTables(recipe, tensors, source);
  return writeSafetensors(packed, { recipe: recipe.name }, (_, t) => (t.dtype === 'float32' ? 'F16' : 'I32'));
}

/** Weights with entropy coding tables made anew for them; tables they had are left out. */
export async function withTables(
  recipe: Recipe,
  weights: ReadonlyMap<string, HostTensor>,
  source: TableSource,
): Promise<Map<string, HostTensor>> {
  const bare = new Map([...weights].filter(([name]) => !name.startsWith(TABLES_PREFIX)));
  const codec = await Codec.create(recipe, bare, { engine: source.engine });
  const codes = await codesOf(codec, recipe, source);
  const codebookCounts = recipe.bitrates.kbps.map((kbps) => codec.codebooksFor(kbps));
  await codec.dispose();
  const vectors = await codeVectors(recipe, bare, await createEngine(source.engine));
  const options = { framesPerChunk: recipe.chunk.fileFrames, codebookCounts };
  return new Map([...bare, ...entropyTensors(entropyTables(codes, vectors, options))]);
}

async function codesOf(codec: Codec, recipe: Recipe, { clips, maxSeconds }: TableSource): Promise<Codes[]> {
  const { sampleRateHz } = recipe.signal;
  const bitrateKbps = Math.max(...recipe.bitrates.kbps);
  const codes: Codes[] = [];
  let seconds = 0;
  for (const { samples } of clips) {
    if (seconds > maxSeconds) break;
    const channel = Float32Array.from(samples, (v) => v / 32768);
    const channels = Array.from({ length: recipe.signal.channels }, () => channel);
    codes.push(await codec.toCodes({ kind: 'audio', sampleRateHz, channels }, { bitrateKbps }));
    seconds += channel.length / sampleRateHz;
  }
  return codes;
}
