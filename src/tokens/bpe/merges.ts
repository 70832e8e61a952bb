import TinyQueue from 'tinyqueue';

/** Two neighbours that become one piece: ids of both, and of the piece. Ways to the same run of symbols share its piece. */
export interface Merge {
  readonly left: number;
  readonly right: number;
  readonly id: number;
}

/** Symbols side by side, some of them merged into their left neighbour. */
class Chain {
  /** [position]: symbol, or -1 once merged away. */
  readonly symbols: Int32Array;
  private readonly before: Int32Array;
  private readonly after: Int32Array;

  /** @param parts between which there are no pairs */
  constructor(parts: readonly ArrayLike<number>[]) {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    this.symbols = new Int32Array(length);
    this.before = Int32Array.from({ length }, (_, i) => i - 1);
    this.after = Int32Array.from({ length }, (_, i) => i + 1);
    let at = 0;
    for (const part of parts) {
      if (part.length === 0) continue;
      this.symbols.set(Array.from(part), at);
      this.before[at] = -1;
      at += part.length;
      this.after[at - 1] = -1;
    }
  }

  next(position: number): number {
    return this.after[position]!;
  }

  previous(position: number): number {
    return this.before[position]!;
  }

  /** Whether these symbols stand side by side, the left one at a position. */
  holds(position: number, left: number, right: number): boolean {
    const next = this.after[position]!;
    return this.symbols[position] === left && next >= 0 && this.symbols[next] === right;
  }

  /** Puts a symbol in the place of the one at a position and its right neighbour. */
  join(position: number, symbol: number): void {
    const gone = this.after[position]!;
    const next = this.after[gone]!;
    this.symbols[position] = symbol;
    this.symbols[gone] = -1;
    this.after[position] = next;
    if (next >= 0) this.before[next] = position;
  }
}

export interface TrainingOptions {
  /** Pieces at most. */
  readonly pieces: number;
  /** Id of the first piece; all symbols are below it. */
  readonly firstId: number;
  /** A pair must occur that often. */
  readonly minCount: number;
}

/**
 * Learns which neighbours to merge: again and again the pair that occurs most often, of several the one of lower ids
 * (byte pair encoding: Gage 1994; Sennrich et al. 2016; on acoustic tokens: Shen et al. 2024).
 * @param parts sequences of symbols
 */
export function trainMerges(
  parts: readonly ArrayLike<number>[],
  { pieces: most, firstId, minCount }: TrainingOptions,
): Merge[] {
  const chain = new Chain(parts);
  // Pairs as one number: ids stay far below 2^26.
  const scale = firstId + most;
  const counts = new Map<number, number>();
  const places = new Map<number, number[]>();
  const queue = new TinyQueue<{ pair: number; count: number }>(
    [],
    (a, b) => b.count - a.count || a.pair - b.pair,
  );
  const found = (left: number, right: number, position: number, announce: boolean) => {
    const pair = left * scale + right;
    const count = (counts.get(pair) ?? 0) + 1;
    counts.set(pair, count);
    const there = places.get(pair);
    if (there) there.push(position);
    else places.set(pair, [position]);
    if (announce) queue.push({ pair, count });
  };
  const lost = (left: number, right: number) => {
    const pair = left * scale + right;
    counts.set(pair, counts.get(pair)! - 1);
  };
  for (let i = 0; i < chain.symbols.length; i++) {
    const next = chain.next(i);
    if (next >= 0) found(chain.symbols[i]!, chain.symbols[next]!, i, false);
  }
  for (const [pair, count] of counts) queue.push({ pair, count });

  const merges: Merge[] = [];
  /** Pieces by the symbols they stand for, and these by piece. */
  const known = new Map<string, number>();
  const symbolsOf = new Map<number, string>();
  while (known.size < most) {
    const best = queue.pop();
    if (!best || best.count < minCount) break;
    const count = counts.get(best.pair)!;
    if (count !== best.count) {
      // It was counted before others took some of its symbols; what it is now goes back in line.
      if (count < best.count && count > 0) queue.push({ pair: best.pair, count });
      continue;
    }
    const [left, right] = [Math.floor(best.pair / scale), best.pair % scale];
    const symbols = `${symbolsOf.get(left) ?? left} ${symbolsOf.get(right) ?? right}`;
    const id = known.get(symbols) ?? firstId + known.size;
    known.set(symbols, id);
    symbolsOf.set(id, symbols);
    merges.push({ left, right, id });
    counts.set(best.pair, 0);
    for (const position of places.get(best.pair)!.sort((a, b) => a - b)) {
      if (!chain.holds(position, left, right)) continue;
      const [before, after] = [chain.previous(position), chain.next(chain.next(position))];
      if (before >= 0) lost(chain.symbols[before]!, left);
      if (after >= 0) lost(right, chain.symbols[after]!);
      chain.join(position, id);
      if (before >= 0) found(chain.symbols[before]!, id, before, true);
      if (after >= 0) found(id, chain.symbols[after]!, position, true);
    }
    counts.set(best.pair, 0);
    places.delete(best.pair);
  }
  return merges;
}

/**
 * Merges neighbours as was learnt: the earliest merge first, and of its places the leftmost.
 * @param ranks place of a merge in the order of learning, by `left` and `right`
 */
export function applyMerges(
  part: ArrayLike<number>,
  ranks: ReadonlyMap<number, ReadonlyMap<number, number>>,
  merges: readonly Merge[],
): number[] {
  const chain = new Chain([part]);
  const queue = new TinyQueue<{ rank: number; position: number }>(
    [],
    (a, b) => a.rank - b.rank || a.position - b.position,
  );
  const look = (position: number) => {
    const next = position < 0 ? -1 : chain.next(position);
    if (next < 0) return;
    const rank = ranks.get(chain.symbols[position]!)?.get(chain.symbols[next]!);
    if (rank !== undefined) queue.push({ rank, position });
  };
  for (let i = 0; i < part.length; i++) look(i);
  for (let best = queue.pop(); best; best = queue.pop()) {
    const { left, right, id } = merges[best.rank]!;
    if (!chain.holds(best.position, left, right)) continue;
    chain.join(best.position, id);
    look(chain.previous(best.position));
    look(best.position);
  }
  return Array.from(chain.symbols.filter((symbol) => symbol >= 0));
}
