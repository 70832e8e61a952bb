import type { ItemResult, ItemTask } from './item-encoder.ts';
import type { DatasetItem } from './row.ts';
import type { DatasetSettings } from './settings.ts';
import type { ShardState, ShardStore } from './shards.ts';

export interface TokenizeProgress {
  /** Items done, those of earlier runs counted. */
  readonly items: number;
  readonly totalItems: number;
  readonly errors: number;
  /** Sound encoded in this run. */
  readonly audioSeconds: number;
  /** Items done in this run. */
  readonly itemsNow: number;
  /** Wall-clock time since the first item began. */
  readonly seconds: number;
  /** The shard just written. */
  readonly shard?: ShardState;
}

/** Gathers results, shard by shard. */
export class ShardRun {
  audioSeconds = 0;
  private readonly items: readonly DatasetItem[];
  private readonly settings: DatasetSettings;
  private readonly store: ShardStore;
  private readonly onProgress: ((progress: TokenizeProgress) => void) | undefined;
  private readonly done = new Map<number, ShardState>();
  private readonly waiting = new Map<number, { results: ItemResult[]; missing: number }>();
  private readonly startedAt = performance.now();
  private itemsDone = 0;
  private itemsNow = 0;
  private errors = 0;

  constructor(
    items: readonly DatasetItem[],
    settings: DatasetSettings,
    store: ShardStore,
    onProgress?: (progress: TokenizeProgress) => void,
  ) {
    this.items = items;
    this.settings = settings;
    this.store = store;
    this.onProgress = onProgress;
    for (let shard = 0; shard < this.shards; shard++) {
      const state = store.state(shard);
      if (!state) continue;
      this.done.set(shard, state);
      this.itemsDone += this.sizeOf(shard);
      this.errors += state.errors.length;
    }
    this.report();
  }

  get seconds(): number {
    return (performance.now() - this.startedAt) / 1000;
  }

  /** Items of the shards that are not there, in order. */
  *tasks(): Generator<ItemTask> {
    for (const [index, item] of this.items.entries()) {
      if (!this.done.has(this.shardOf(index))) yield { index, item };
    }
  }

  async take(result: ItemResult, { index }: ItemTask): Promise<void> {
    const shard = this.shardOf(index);
    const part = this.waiting.get(shard) ?? { results: [], missing: this.sizeOf(shard) };
    this.waiting.set(shard, part);
    part.results[index % this.settings.shardSize] = result;
    part.missing--;
    this.itemsDone++;
    this.itemsNow++;
    if ('error' in result) this.errors++;
    else this.audioSeconds += result.info.durationSeconds;
    if (part.missing === 0) {
      this.waiting.delete(shard);
      this.done.set(shard, await this.store.write(shard, part.results));
    }
    this.report(this.done.get(shard));
  }

  /** Of all shards, in order. */
  states(): ShardState[] {
    return Array.from({ length: this.shards }, (_, shard) => this.done.get(shard)!);
  }

  private get shards(): number {
    return Math.ceil(this.items.length / this.settings.shardSize);
  }

  private shardOf(index: number): number {
    return Math.floor(index / this.settings.shardSize);
  }

  private sizeOf(shard: number): number {
    const { shardSize } = this.settings;
    return Math.min(shardSize, this.items.length - shard * shardSize);
  }

  private report(shard?: ShardState): void {
    this.onProgress?.({
      items: this.itemsDone,
      totalItems: this.items.length,
      errors: this.errors,
      audioSeconds: this.audioSeconds,
      itemsNow: this.itemsNow,
      seconds: this.seconds,
      ...(shard && { shard }),
    });
  }
}
