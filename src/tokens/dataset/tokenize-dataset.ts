import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { CodecError } from '../../core/errors.ts';
import { runInProcesses } from '../../core/process-pool.ts';
import { writeFileAtomically } from '../../media/atomic-file.ts';
import { withLock } from '../../weights/lock.ts';
import type { AudioTokenizer, TokenizerOptions } from '../audio-tokenizer.ts';
import { type DatasetInfo, INFO, infoOfDataset, readDatasetInfo, writeCard } from './card.ts';
import { type EncoderSpec, encodeItem, type ItemResult, type ItemTask, loadEncoder } from './item-encoder.ts';
import { findItems } from './items.ts';
import { assertSamePlan, type Plan, planOf } from './plan.ts';
import type { DatasetItem } from './row.ts';
import { type DatasetChoices, isRecipeFile, settingsOf } from './settings.ts';
import { ShardRun, type TokenizeProgress } from './shard-run.ts';
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
  const { output, recipe, tokenizer: loading = {}, workers = 1, resume = false } = options;
  assertCounts({ workers, 'shard size': options.shardSize ?? 1 });
  const items = findItems(options.inputs);
  mkdirSync(output, { recursive: true });
  assertOutput(output, resume);
  const tokenizer = await loadEncoder({ recipe, options: loading });
  try {
    const settings = settingsOf(tokenizer, recipeFrom(output, recipe), loading.set ?? [], options);
    const plan = planOf(settings, items);
    const refusal = { code: 'output-exists', what: `another process is writing ${output}` } as const;
    return await withLock(path.join(output, '.lock'), () => fill(options, tokenizer, plan, items), refusal);
  } finally {
    await tokenizer.dispose();
  }
}

/** Makes what is missing of a dataset that nobody else is at. */
async function fill(
  { output, signal, onProgress, ...options }: TokenizeOptions,
  tokenizer: AudioTokenizer,
  plan: Plan,
  items: readonly DatasetItem[],
): Promise<TokenizeResult> {
  await assertSamePlan(output, plan);
  const finished = readDatasetInfo(output);
  if (finished) {
    rmSync(path.join(output, STATE), { recursive: true, force: true });
    return { ...finished, audioSeconds: 0, seconds: 0 };
  }
  const store = new ShardStore(output, plan);
  store.removeLeftovers();
  const run = new ShardRun(items, plan, store, onProgress);
  const work = (options.workers ?? 1) > 1 ? encodeInProcesses : encodeHere;
  await work(run, tokenizer, options, signal);
  if (signal?.aborted) throw interrupted(output);
  const info = await finish(output, plan, run.states());
  return { ...info, audioSeconds: run.audioSeconds, seconds: run.seconds };
}

type Encoding = Pick<TokenizeOptions, 'recipe' | 'tokenizer' | 'workers'>;

async function encodeHere(
  run: ShardRun,
  tokenizer: AudioTokenizer,
  _: Encoding,
  signal?: AbortSignal,
): Promise<void> {
  for (const task of run.tasks()) {
    if (signal?.aborted) return;
    await run.take(await encodeItem(tokenizer, task.item), task);
  }
}

async function encodeInProcesses(
  run: ShardRun,
  _: AudioTokenizer,
  { recipe, tokenizer: loading = {}, workers = 1 }: Encoding,
  signal?: AbortSignal,
): Promise<void> {
  const spec: EncoderSpec = { recipe, options: { ...loading, threads: loading.threads ?? 1 } };
  try {
    await runInProcesses<ItemTask, ItemResult>(run.tasks(), {
      module: new URL('./worker.js', import.meta.url),
      args: [JSON.stringify(spec)],
      processes: workers,
      ...(signal && { signal }),
      // A process that was killed on the way must not make an item bad.
      retries: 1,
      onResult: (result, task) => run.take(result, task),
      onDeath: ({ item: { id, path: file } }, cause) => ({
        error: { id, path: file, code: 'unexpected', message: `the worker process died: ${cause}` },
      }),
    });
  } catch (error) {
    // That it was stopped is for the caller to say.
    if (!signal?.aborted) throw error;
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

function interrupted(output: string): CodecError {
  return new CodecError('interrupted', {
    what: `stopped; the complete shards are in ${output}`,
    remedy: 'Go on with --resume.',
  });
}
