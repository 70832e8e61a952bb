import { CodecError } from '../core/errors.ts';
import { type HostTensor, int32 } from '../core/tensor.ts';
import { bitsPerIndex } from './entropy-coder.ts';

/** Inputs of the mixer: see `MixModel`. */
export const MIX_INPUTS = 5;

/**
 * Trained integers of a context network (see `ContextNetwork`), for `codebooks` codebooks of one size, with `features`
 * numbers per code and `hidden` units per codebook. Nodes are numbered as in `IndexTree`.
 */
export interface ContextTables {
  readonly codebooks: number;
  readonly codebookSize: number;
  readonly features: number;
  readonly hidden: number;
  /** [codebooks, codebookSize]: place of each index among the leaves of its tree. */
  readonly ranks: Int32Array;
  /** [codebooks, codebookSize, features] */
  readonly embeddings: Int32Array;
  /** [codebooks, hidden, 4 * features + 2] */
  readonly layers: Int32Array;
  /** [codebooks, nodes, hidden] */
  readonly nodeWeights: Int32Array;
  /** [codebooks, nodes] */
  readonly nodeBiases: Int32Array;
  /** [codebooks, depth, MIX_INPUTS]: weights with which mixing begins. */
  readonly mixing: Int32Array;
}

/** What a model tells its entropy coder. */
export interface EntropyModel {
  readonly codebookSize: number;
  /** [codebooks, codebookSize], rows as `frequenciesFromCounts` makes them; absent in models without tables. */
  readonly frequencies?: Int32Array | undefined;
  readonly context?: ContextTables | undefined;
}

/** Names under which the tables lie beside a model's weights. */
export const TABLES_PREFIX = 'entropy.';
export const FREQUENCIES = `${TABLES_PREFIX}frequencies`;
const PARTS = ['ranks', 'embeddings', 'layers', 'nodeWeights', 'nodeBiases', 'mixing'] as const;
/** Larger integers would make the network's sums inexact or its counters overflow. */
const MAX_INTEGER = 2 ** 20;

/**
 * The entropy coding tables among a model's tensors, each read when first asked for: most commands need but one of them.
 * That throws `bad-weights` when they are not as they must be.
 */
export function readEntropyModel(
  tensors: ReadonlyMap<string, HostTensor>,
  codebookSize: number,
): EntropyModel {
  let context: { tables: ContextTables | undefined } | undefined;
  return {
    codebookSize,
    get frequencies() {
      return readFrequencies(tensors, codebookSize);
    },
    get context() {
      context ??= { tables: readContext(tensors, codebookSize) };
      return context.tables;
    },
  };
}

function readFrequencies(
  tensors: ReadonlyMap<string, HostTensor>,
  codebookSize: number,
): Int32Array | undefined {
  const tensor = tensors.get(FREQUENCIES);
  if (!tensor) return undefined;
  const { dtype, shape } = tensor;
  if (dtype !== 'int32' || shape.length !== 2 || shape[0] === 0 || shape[1] !== codebookSize) {
    throw badTables(`${FREQUENCIES} [${shape}]`, `integers [codebooks, ${codebookSize}]`);
  }
  return tensor.data;
}

/** Tables as tensors, under the names by which `readEntropyModel` finds them. */
export function entropyTensors({
  codebookSize,
  frequencies,
  context,
}: EntropyModel): Map<string, HostTensor> {
  const tensors = new Map<string, HostTensor>();
  if (frequencies) {
    tensors.set(FREQUENCIES, int32([frequencies.length / codebookSize, codebookSize], frequencies));
  }
  if (context) {
    const shapes = shapesOf(context);
    for (const part of PARTS) tensors.set(TABLES_PREFIX + part, int32(shapes[part], context[part]));
  }
  return tensors;
}

function shapesOf(sizes: Pick<ContextTables, 'codebooks' | 'codebookSize' | 'features' | 'hidden'>) {
  const { codebooks, codebookSize, features, hidden } = sizes;
  const depth = bitsPerIndex(codebookSize);
  return {
    ranks: [codebooks, codebookSize],
    embeddings: [codebooks, codebookSize, features],
    layers: [codebooks, hidden, 4 * features + 2],
    nodeWeights: [codebooks, 1 << depth, hidden],
    nodeBiases: [codebooks, 1 << depth],
    mixing: [codebooks, depth, MIX_INPUTS],
  } satisfies Record<(typeof PARTS)[number], readonly number[]>;
}

function readContext(
  tensors: ReadonlyMap<string, HostTensor>,
  codebookSize: number,
): ContextTables | undefined {
  const embeddings = tensors.get(`${TABLES_PREFIX}embeddings`);
  const layers = tensors.get(`${TABLES_PREFIX}layers`);
  if (!embeddings && !layers) return undefined;
  const [codebooks = 0, , features = 0] = embeddings?.shape ?? [];
  const sizes = { codebooks, codebookSize, features, hidden: layers?.shape[1] ?? 0 };
  const shapes = shapesOf(sizes);
  const parts = PARTS.map((part) => {
    const tensor = tensors.get(TABLES_PREFIX + part);
    if (`${tensor?.shape}` !== `${shapes[part]}` || tensor?.dtype !== 'int32') {
      throw badTables(`${TABLES_PREFIX}${part} [${tensor?.shape ?? 'absent'}]`, `integers [${shapes[part]}]`);
    }
    const large = tensor.data.find((value) => Math.abs(value) > MAX_INTEGER);
    if (large !== undefined) throw badTables(`${large} in ${TABLES_PREFIX}${part}`, `at most ${MAX_INTEGER}`);
    return [part, tensor.data] as const;
  });
  const context = { ...sizes, ...Object.fromEntries(parts) } as unknown as ContextTables;
  for (let q = 0; q < codebooks; q++) {
    const row = context.ranks.subarray(q * codebookSize, (q + 1) * codebookSize);
    const seen = new Set(row.filter((rank) => rank >= 0 && rank < codebookSize));
    if (seen.size !== codebookSize)
      throw badTables(`ranks of codebook ${q}`, `each below ${codebookSize} once`);
  }
  return context;
}

function badTables(found: string, expected: string): CodecError {
  return new CodecError('bad-weights', {
    what: 'the entropy coding tables are invalid',
    found,
    expected,
    remedy: 'Make them anew with: codec weights tables.',
  });
}
