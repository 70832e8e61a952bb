import { ContextNetwork } from './context-network.ts';
import type { IndexModel } from './index-model.ts';
import { IndexTree } from './index-tree.ts';
import { squash } from './logistic.ts';
import type { ContextTables } from './model-tables.ts';

/** One tree per codebook, leaves in the order of the tables. */
export function treesOf({
  codebooks,
  codebookSize,
  ranks,
}: Pick<ContextTables, 'codebooks' | 'codebookSize' | 'ranks'>): IndexTree[] {
  return Array.from(
    { length: codebooks },
    (_, q) => new IndexTree(codebookSize, ranks.subarray(q * codebookSize, (q + 1) * codebookSize)),
  );
}

/** What the context network says, as it is. */
export class ContextModel implements IndexModel {
  readonly trees: readonly IndexTree[];
  private readonly network: ContextNetwork;

  constructor(tables: ContextTables) {
    this.trees = treesOf(tables);
    this.network = new ContextNetwork(tables);
  }

  reset(): void {
    this.network.reset();
  }

  begin(codebook: number): void {
    this.network.begin(codebook);
  }

  predict(node: number): number {
    return squash(this.network.logit(node));
  }

  update(): void {}

  end(index: number): void {
    this.network.end(index);
  }

  endFrame(): void {
    this.network.endFrame();
  }
}
