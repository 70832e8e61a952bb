import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { CodecError } from '../../core/errors.ts';
import { runInProcesses } from '../../core/process-pool.ts';
import { writeFileAtomically } from '../../media/atomic-file.ts';
import { withLock } from '../../weights/lock.ts';
import type { TokenizerOptions } from '../audio-tokenizer.ts';
import { type DatasetInfo, INFO, infoOfDataset, readDatasetInfo, writeCard } from './card.ts';
import { type EncoderSpec, encodeItem, type ItemResult, type ItemTask, loadEncoder } from './item-encoder.ts';
import { findItems } from './items.ts';
import type { DatasetItem } from './row.ts';
import { type DatasetChoices, type DatasetSettings, isRecipeFile, settingsOf } from './settings.ts';
import { type ShardState, ShardStore, STATE } from './shards.ts';

export interface TokenizeOptions extends DatasetChoices {
  /** See `findItems`. */
  readonly inputs: readonly string[];
  /** Folder of the dataset. */
  readonly output: string;
  /** Name, or path of a .yaml file. */
  readonly recipe: string;
  /** How to load it. */
  readonly tokenizer?: TokenizerOptions;
  /** Processes at once; 1 (the default) is this one. */
  readonly workers?: number;
  /** Go on with an unfinished dataset of the same items and settings. */
  readonly resume?: boolean;
  /** Stops after the items under way; the shards that are complete stay. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TokenizeProgress) => void;
}

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

export interface TokenizeResult extends DatasetInfo {
  /** Sound encoded in this run, and the wall-clock time it took. */
  readonly audioSeconds: number;
  readonly seconds: number;
}

/**
 * Tokenizes many sound files into a dataset: shards, `errors.jsonl`, `dataset.json`, and a card (`README.md`, `zipf.svg`,
 * `token-counts.npy`). Every file appears whole or not at all. Each shard is written once all its items are done, so that after
 * a kill `resume` begins with the first shard that is not there; the files are then those of a run that was not killed.
 *
 * @throws `bad-argument` for inputs or settings that do not fit, `output-exists` for a folder with a dataset unless `resume`,
 *   `interrupted` after `signal`; and what loading the recipe throws. Items that cannot be read go to `errors.jsonl`.
 */
export async function tokenizeDataset(options: TokenizeOptions): Promise<TokenizeResult> {
  const { inputs, output, recipe, tokenizer: loading = {}, workers = 1, resume = false, signal } = options;
  assertCounts({ workers, 'shard size': options.shardSize ?? 1 });
  const items = findItems(inputs);
  mkdirSync(output, { recursive: true });
  assertOutput(output, resume);
  const tokenizer = await loadEncoder({ recipe, options: loading });
  try {
    const settings = settingsOf(tokenizer, recipeFrom(output, recipe), loading.set ?? [], options);
    const lock = path.join(output, '.lock');
    return await withLock(
      lock,
      async () => {
        const plan = planOf(settings, items);
        await assertSamePlan(output, plan);
        const finished = readDatasetInfo(output);
        if (finished) {
          rmSync(path.join(output, STATE), { recursive: true, force: true });
          return { ...finished, audioSeconds: 0, seconds: 0 };
        }
        const store = new ShardStore(output, settings);
        store.removeLeftovers();
        const run = new Run(items, settings, store, options.onProgress);
        const tasks = run.tasks();
        if (workers === 1) {
          for (const task of tasks) {
            if (signal?.aborted) break;
            await run.take(await encodeItem(tokenizer, task.item), task);
          }
        } else {
          const spec: EncoderSpec = { recipe, options: { ...loading, threads: loading.threads ?? 1 } };
          await runInProcesses<ItemTask, ItemResult>(tasks, {
            module: new URL('./worker.js', import.meta.url),
            args: [JSON.stringify(spec)],
            processes: Math.min(workers, Math.max(1, items.length)),
            ...(signal && { signal }),
            // A process that was killed on the way must not make an item bad.
            retries: 1,
            onResult: (result, task) => run.take(result, task),
            onDeath: ({ item: { id, path: file } }, cause) => ({
              error: { id, path: file, code: 'unexpected', message: `the worker process died: ${cause}` },
            }),
          }).catch((error) => {
            if (!signal?.aborted) throw error;
          });
        }
        if (signal?.aborted) throw interrupted(output);
        const info = await finish(output, plan, run.states());
        return { ...info, audioSeconds: run.audioSeconds, seconds: run.seconds };
      },
      { code: 'output-exists', what: `another process is writing ${output}` },
    );
  } finally {
    await tokenizer.dispose();
  }
}

/** Gathers results, shard by shard. */
class Run {
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

async function finish(output: string, plan: Plan, states: readonly ShardState[]): Promise<DatasetInfo> {
  const errors = states.flatMap((state) => state.errors);
  const text = errors.map((error) => `${JSON.stringify(error)}\n`).join('');
  await writeFileAtomically(path.join(output, 'errors.jsonl'), text, { force: true });
  const info = infoOfDataset(plan, states);
  await writeCard(output, info, states);
  // Written last: with it the dataset is complete.
  await writeFileAtomically(path.join(output, INFO), `${JSON.stringify(info, null, 2)}\n`, { force: true });
  rmSync(path.join(output, STATE), { recursive: true, force: true });
  return info;
}

/** A recipe as the dataset names it: files move with it. */
function recipeFrom(output: string, recipe: string): string {
  if (!isRecipeFile(recipe)) return recipe;
  return path.relative(output, recipe).split(path.sep).join('/');
}

function assertCounts(counts: Readonly<Record<string, number>>): void {
  const wrong = Object.entries(counts).find(([, count]) => !(Number.isSafeInteger(count) && count > 0));
  if (!wrong) return;
  throw new CodecError('bad-argument', {
    what: `the ${wrong[0]}`,
    found: `${wrong[1]}`,
    expected: 'a whole number from 1',
  });
}

function assertOutput(output: string, resume: boolean): void {
  if (resume || !(existsSync(path.join(output, INFO)) || existsSync(path.join(output, STATE)))) return;
  throw new CodecError('output-exists', {
    what: `will not write into ${output}`,
    found: 'a dataset',
    remedy: 'Add --resume to go on with it, or name another folder.',
  });
}

type Plan = DatasetSettings & { readonly inputDigest: string };

/** What the dataset is made of: kept with it from the start. */
function planOf(settings: DatasetSettings, items: readonly DatasetItem[]): Plan {
  return { ...settings, inputDigest: createHash('sha256').update(JSON.stringify(items)).digest('hex') };
}

/** Throws `bad-argument` when the dataset was begun with another plan. */
async function assertSamePlan(output: string, plan: Plan): Promise<void> {
  const file = path.join(output, STATE, 'plan.json');
  const before: Partial<Plan> | undefined =
    readDatasetInfo(output) ?? (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined);
  if (!before) {
    mkdirSync(path.dirname(file), { recursive: true });
    await writeFileAtomically(file, JSON.stringify(plan), { force: true });
    return;
  }
  const keys = Object.keys(plan) as (keyof Plan)[];
  const other = keys.find((key) => JSON.stringify(before[key]) !== JSON.stringify(plan[key]));
  if (other === undefined) return;
  throw new CodecError('bad-argument', {
    what: `cannot go on with ${output}: it was begun with other ${other === 'inputDigest' ? 'inputs' : other}`,
    ...(other !== 'inputDigest' && {
      found: JSON.stringify(plan[other]),
      expected: JSON.stringify(before[other]),
    }),
    remedy: 'Give the same inputs and settings, or name another folder.',
  });
}

function interrupted(output: string): CodecError {
  return new CodecError('interrupted', {
    what: `stopped; the complete shards are in ${output}`,
    remedy: 'Go on with --resume.',
  });
}
