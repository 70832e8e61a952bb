import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CodecError, onProcessExit, writeFileAtomically } from '../../src/index.ts';
import { type MetricName, metricNames, metrics } from '../metrics/catalogue.ts';
import { writeReport } from '../report/report.ts';
import { findItems, type Item } from './items.ts';
import { type Row, rowFromJson, rowsToCsv, rowToJson } from './row.ts';
import { type Summary, summarize, summaryToMarkdown } from './summary.ts';
import { parseSystems, type SystemSpec, whyAbsent } from './system-spec.ts';
import { type Task, UNFINISHED } from './work.ts';
import { runTasks } from './worker-pool.ts';

export interface EvaluateOptions {
  /** Files, folders, manifests; see `findItems`. */
  readonly inputs: readonly string[];
  /** Folder of results; created if absent. */
  readonly output: string;
  /** Words such as `encodec-24k@bitrate=3`; see `parseSystems`. */
  readonly recipes?: readonly string[];
  /** Words such as `opus@6`. */
  readonly baselines?: readonly string[];
  /** Default: all that fit each item. */
  readonly metrics?: readonly MetricName[];
  /** Worker processes. Default 1. */
  readonly jobs?: number;
  /** Go on with what is in the folder: rows without error are kept, fits that were not finished go on. */
  readonly resume?: boolean;
  /** Family that BD-rate and BD-metric compare with. Default: the first baseline of each medium. */
  readonly anchor?: string;
  /** Items per medium whose decoded form the report shows. Default 2. */
  readonly samples?: number;
  /** After each row. `total` counts all rows, `done` those finished, resumed ones too. */
  readonly onProgress?: (progress: { done: number; total: number; row?: Row }) => void;
}

export interface Evaluation {
  readonly rows: readonly Row[];
  readonly summary: Summary;
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

/**
 * Codes every item with every system of its medium and measures what comes out. Leaves in `output`: `results.jsonl` (a row
 * at a time, as they come), `results.csv`, `summary.md`, `summary.json`, `report.html`, and the samples and codes that the
 * report shows. What fails on one item is that row's error.
 *
 * Throws `bad-argument` for options, systems or inputs that make no sense, and `output-exists` if there are results and
 * `resume` is not set.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { output, samples = 2, onProgress } = options;
  const jobs = options.jobs ?? 1;
  const names = options.metrics ?? metricNames;
  checkOptions(options, names, jobs);
  const { systems, notes } = usableSystems(options);
  const items = findItems(options.inputs);
  const tasks = pairs(items, systems).map(
    ([item, system]): Task => ({
      ...{ item, system, metrics: names, output: path.resolve(output) },
      keepSample: items.filter(({ media }) => media === item.media).indexOf(item) < samples,
    }),
  );
  for (const item of items) {
    if (systems.some(({ media }) => media === item.media)) continue;
    notes.push(`${item.id}: no system for ${item.media}`);
  }
  if (tasks.length === 0) {
    throw new CodecError('bad-argument', {
      what: 'there is nothing to evaluate',
      found: notes.join('; ') || 'no systems',
      remedy: 'Name recipes or baselines of the medium of the items.',
    });
  }
  const file = path.join(output, 'results.jsonl');
  mkdirSync(output, { recursive: true });
  const kept = keptRows(file, tasks, options.resume ?? false);
  await writeFileAtomically(file, kept.map((row) => `${rowToJson(row)}\n`).join(''), { force: true });
  const rows = [...kept];
  const have = new Set(kept.map(keyOf));
  const open = tasks.filter(({ item, system }) => !have.has(keyOf({ item: item.id, system: system.label })));
  onProgress?.({ done: rows.length, total: tasks.length });

  const scratch = mkdtempSync(path.join(os.tmpdir(), 'codec-eval-'));
  const removeScratch = () => rmSync(scratch, { recursive: true, force: true });
  const forget = onProcessExit(removeScratch);
  try {
    await runTasks(byFamily(open), {
      ...{ jobs, scratch, threads: Math.max(1, Math.floor(os.availableParallelism() / jobs)) },
      onRow(row) {
        appendFileSync(file, `${rowToJson(row)}\n`);
        rows.push(row);
        onProgress?.({ done: rows.length, total: tasks.length, row });
      },
    });
  } finally {
    removeScratch();
    forget();
  }
  removeIfEmpty(path.join(output, UNFINISHED));
  const ordered = inOrder(rows, tasks);
  const labels = systems.map(({ label }) => label);
  const summary = summarize(ordered, labels, options.anchor);
  const write = (name: string, text: string) =>
    writeFileAtomically(path.join(output, name), text, { force: true });
  await write('results.jsonl', ordered.map((row) => `${rowToJson(row)}\n`).join(''));
  await write('results.csv', rowsToCsv(ordered));
  await write('summary.md', summaryToMarkdown(summary));
  await write('summary.json', `${rowToJson(summary)}\n`);
  await write('report.html', await writeReport({ output, items, rows: ordered, summary, notes }));
  return { rows: ordered, summary, notes };
}

function checkOptions({ anchor }: EvaluateOptions, names: readonly string[], jobs: number): void {
  const unknown = names.find((name) => !Object.hasOwn(metrics, name));
  if (unknown !== undefined) {
    throw new CodecError('bad-argument', {
      what: `there is no metric "${unknown}"`,
      expected: metricNames.join(', '),
    });
  }
  if (!Number.isInteger(jobs) || jobs < 1) {
    throw new CodecError('bad-argument', {
      what: 'jobs',
      found: `${jobs}`,
      expected: 'a whole number from 1',
    });
  }
  if (anchor === '') throw new CodecError('bad-argument', { what: 'the anchor has no name' });
}

function usableSystems(options: EvaluateOptions): { systems: SystemSpec[]; notes: string[] } {
  const all = [
    ...parseSystems('recipe', options.recipes ?? []),
    ...parseSystems('baseline', options.baselines ?? []),
  ];
  if (options.anchor !== undefined && !all.some(({ family }) => family === options.anchor)) {
    throw new CodecError('bad-argument', {
      what: `the anchor "${options.anchor}" is not among the systems`,
      expected: [...new Set(all.map(({ family }) => family))].join(', '),
    });
  }
  const notes: string[] = [];
  const systems = all.filter((system) => {
    const reason = whyAbsent(system);
    if (reason !== undefined) notes.push(`${system.label} skipped: ${reason}`);
    return reason === undefined;
  });
  if (options.anchor !== undefined && !systems.some(({ family }) => family === options.anchor)) {
    notes.push(`the anchor ${options.anchor} cannot run here: compared with the first that can`);
  }
  return { systems, notes };
}

function pairs(items: readonly Item[], systems: readonly SystemSpec[]): [Item, SystemSpec][] {
  return items.flatMap((item) =>
    systems.filter(({ media }) => media === item.media).map((system): [Item, SystemSpec] => [item, system]),
  );
}

/** All rows of one codec together, so that its model is opened once by each worker. */
function byFamily(tasks: readonly Task[]): Task[] {
  const families = [...new Set(tasks.map(({ system }) => system.family))];
  return families.flatMap((family) => tasks.filter(({ system }) => system.family === family));
}

function removeIfEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmdirSync(folder);
}

const keyOf = ({ item, system }: { item: string; system: string }) => JSON.stringify([item, system]);

/** Rows of an earlier run that need not be made again. */
function keptRows(file: string, tasks: readonly Task[], resume: boolean): Row[] {
  if (!existsSync(file)) return [];
  if (!resume) {
    throw new CodecError('output-exists', {
      what: `will not overwrite the results in ${path.dirname(file)}`,
      remedy: 'Add --resume to go on with them, or name another folder.',
    });
  }
  const wanted = new Map(
    tasks.map((task) => [keyOf({ item: task.item.id, system: task.system.label }), task]),
  );
  const rows = readFileSync(file, 'utf8').split('\n').flatMap(rowOrNothing);
  return rows.filter((row, i) => {
    const task = wanted.get(keyOf(row));
    const first = rows.findIndex((other) => keyOf(other) === keyOf(row)) === i;
    return first && task !== undefined && row.error === undefined && isComplete(row, task);
  });
}

/** The last line of a run that was killed may be cut short. */
function rowOrNothing(line: string): Row[] {
  try {
    return line.trim() ? [rowFromJson(line)] : [];
  } catch {
    return [];
  }
}

function isComplete(row: Row, { metrics: names, item }: Task): boolean {
  const kind = item.media === 'video' ? 'image' : item.media;
  return names
    .filter((name) => metrics[name].media === kind)
    .every((name) => Object.hasOwn(row.metrics, name) || Object.hasOwn(row.failures, name));
}

function inOrder(rows: readonly Row[], tasks: readonly Task[]): Row[] {
  const place = new Map(
    tasks.map(({ item, system }, i) => [keyOf({ item: item.id, system: system.label }), i]),
  );
  return [...rows].sort((a, b) => place.get(keyOf(a))! - place.get(keyOf(b))!);
}
