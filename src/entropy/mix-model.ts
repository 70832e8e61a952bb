import { treesOf } from './context-model.ts';
import { ContextNetwork } from './context-network.ts';
import { Counters } from './counters.ts';
import type { IndexModel } from './index-model.ts';
import { IndexTree } from './index-tree.ts';
import { MAX_LOGIT, stretch } from './logistic.ts';
import { Mixer, WEIGHT_UNIT } from './mixer.ts';
import { type EntropyModel, MIX_INPUTS } from './model-tables.ts';

/** Codebooks a model without tables can predict. */
const MAX_CODEBOOKS = 1024;
const COUNTER_BITS = 16;
const RATE_SHIFT = 17;
/** Weights without trained ones: the prior, and a third of what each counter adds to it. */
export const UNTRAINED = [WEIGHT_UNIT, 0, WEIGHT_UNIT / 3, WEIGHT_UNIT / 3, WEIGHT_UNIT / 3];
/** Bits of another index that make a context. */
const CONTEXT_BITS = 5;

/**
 * Mixes the context network with what the chunk itself shows. Inputs, as log-odds: the network; the prior; and how far
 * three kinds of adaptive counters have come from the prior: one per node, one per node and last frame's index of the same
 * codebook, one per node and the index of the codebook before. The prior is that of the static table, or even; it also stands in
 * for a network that is not there.
 */
export class MixModel implements IndexModel {
  readonly trees: readonly IndexTree[];
  readonly mixer: Mixer;
  private readonly network: ContextNetwork | undefined;
  /** By codebook: log-odds and probabilities of the static table at each node; absent without a table. */
  private readonly priors: readonly { logits: Int32Array; probabilities: Int32Array }[];
  private readonly counters = [0, 1, 2].map(() => new Counters(COUNTER_BITS));
  private readonly slots = [0, 0, 0];
  /** Contexts made of each codebook's last index. */
  private readonly last: Int32Array;
  private readonly contexts = [0, 0, 0];
  private codebook = 0;

  constructor({ codebookSize, frequencies, context }: EntropyModel) {
    const rows = frequencies ? frequencies.length / codebookSize : MAX_CODEBOOKS;
    this.trees = context ? treesOf(context) : new Array<IndexTree>(rows).fill(new IndexTree(codebookSize));
    this.network = context && new ContextNetwork(context);
    this.priors = frequencies
      ? this.trees.map((tree, q) =>
          priorOf(tree, frequencies.subarray(q * codebookSize, (q + 1) * codebookSize)),
        )
      : [];
    const depth = this.trees[0]?.depth ?? 0;
    const sets = this.trees.length * depth;
    const initial =
      context?.mixing ?? Int32Array.from({ length: sets * MIX_INPUTS }, (_, i) => UNTRAINED[i % MIX_INPUTS]!);
    this.mixer = new Mixer(initial, MIX_INPUTS, RATE_SHIFT);
    this.last = new Int32Array(this.trees.length);
  }

  reset(): void {
    this.network?.reset();
    this.mixer.reset();
    for (const counters of this.counters) counters.reset();
    this.last.fill(0);
  }

  begin(codebook: number): void {
    this.codebook = codebook;
    this.network?.begin(codebook);
    this.contexts[1] = this.last[codebook]!;
    // Before the first codebook's index nothing of the frame is known: it has the last frame's second one instead.
    this.contexts[2] = this.last[codebook > 0 ? codebook - 1 : 1] ?? 0;
  }

  predict(node: number, level: number): number {
    const { codebook, counters, slots, contexts, network } = this;
    const { inputs } = this.mixer;
    const prior = this.priors[codebook];
    const priorLogit = prior ? prior.logits[node]! : 0;
    const first = prior ? prior.probabilities[node]! : 32_768;
    const predicted = network ? network.logit(node) : priorLogit;
    inputs[0] = predicted > MAX_LOGIT ? MAX_LOGIT : predicted < -MAX_LOGIT ? -MAX_LOGIT : predicted;
    inputs[1] = priorLogit;
    const key = (codebook << 16) | node;
    for (let c = 0; c < counters.length; c++) {
      const slot = counters[c]!.slot(key, contexts[c]!);
      slots[c] = slot;
      inputs[2 + c] = stretch(counters[c]!.get(slot, first)) - priorLogit;
    }
    return this.mixer.predict(codebook * this.trees[codebook]!.depth + level);
  }

  update(bit: number): void {
    this.mixer.update(bit);
    for (let c = 0; c < this.counters.length; c++) this.counters[c]!.update(this.slots[c]!, bit);
  }

  end(index: number): void {
    const { depth, ranks } = this.trees[this.codebook]!;
    this.last[this.codebook] = 1 + (ranks[index]! >> Math.max(0, depth - CONTEXT_BITS));
    this.network?.end(index);
  }

  endFrame(): void {
    this.network?.endFrame();
  }
}

function priorOf(tree: IndexTree, frequencies: Int32Array) {
  const sums = tree.sums(frequencies);
  const logits = new Int32Array(tree.nodes);
  const probabilities = new Int32Array(tree.nodes);
  for (let node = 1; node < tree.nodes; node++) {
    const share = sums[node]! > 0 ? Math.floor((65_536 * sums[2 * node + 1]!) / sums[node]!) : 32_768;
    probabilities[node] = Math.max(1, Math.min(65_535, share));
    logits[node] = stretch(probabilities[node]!);
  }
  return { logits, probabilities };
}
