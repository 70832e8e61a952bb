import { Rng } from '../core/rng.ts';
import { bitsPerIndex } from './entropy-coder.ts';
import { frequenciesFromCounts } from './frequency-table.ts';
import { type ContextTables, type EntropyModel, MIX_INPUTS } from './model-tables.ts';

/** Random tables, for tests: what they say of codes is of no interest, only that both ends agree. */
export function randomModel(codebooks: number, codebookSize: number, seed: number): EntropyModel {
  const rng = new Rng(seed);
  const rows = Array.from({ length: codebooks }, (_, q) =>
    frequenciesFromCounts(
      Array.from({ length: codebookSize }, (_, s) => Math.ceil(1e6 / (1 + s) ** (q / 4))),
    ),
  );
  const integers = (length: number, largest: number) =>
    Int32Array.from({ length }, () => rng.int(2 * largest + 1) - largest);
  const [features, hidden, depth] = [5, 3, bitsPerIndex(codebookSize)];
  const nodes = codebooks << depth;
  const context: ContextTables = {
    codebooks,
    codebookSize,
    features,
    hidden,
    ranks: Int32Array.from(rows.flatMap(() => permutation(codebookSize, rng))),
    embeddings: integers(codebooks * codebookSize * features, 60),
    layers: integers(codebooks * hidden * (4 * features + 2), 2000),
    nodeWeights: integers(nodes * hidden, 60),
    nodeBiases: integers(nodes, 300),
    mixing: integers(codebooks * depth * MIX_INPUTS, 40_000),
  };
  return { codebookSize, frequencies: Int32Array.from(rows.flatMap((row) => [...row])), context };
}

function permutation(size: number, rng: Rng): number[] {
  const order = Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = rng.int(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
