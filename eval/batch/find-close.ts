import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { CodecError, loadAnyRecipe } from '../../src/index.ts';
import { type BaselineName, baselines } from '../baselines/catalogue.ts';
import { type MetricName, metricNames } from '../metrics/catalogue.ts';
import { meanOf } from '../statistics/bootstrap.ts';
import { findItems } from './items.ts';
import { type Row, rateOf, rateUnit } from './row.ts';
import { build, parseSystems, type SystemSpec, whyAbsent } from './system-spec.ts';
import { RowMaker } from './work.ts';

/** Halvings of the range of a knob that takes any number: 2^-10 of it is finer than codecs distinguish. */
const MOST_STEPS = 10;

export interface FindCloseOptions {
  /** Files, folders, manifests; means are taken over all. */
  readonly inputs: readonly string[];
  /** A baseline such as `jpeg` or `opus:frame=60`, or a recipe. */
  readonly system: string;
  /** `rate` (kbps of sound, bits per pixel otherwise) or a metric. */
  readonly target: 'rate' | MetricName;
  readonly value: number;
}

export interface CloseSetting {
  /** As `codec eval` takes it. */
  readonly system: string;
  readonly knob: number;
  /** Mean rate of whole files, in kbps or bits per pixel. */
  readonly rate: number;
  readonly unit: string;
  /** Mean of what was asked for. */
  readonly reached: number;
}

/**
 * The setting of a codec whose mean rate or metric comes closest to a value. A recipe's bitrates are all tried; a baseline's
 * knob is halved on, since rate and quality rise or fall with it.
 *
 * Throws `bad-argument` for unknown names or a target that the items do not have, and the first error of an item.
 */
export async function findClose(options: FindCloseOptions): Promise<CloseSetting> {
  const items = findItems(options.inputs);
  const [first] = candidates(options.system);
  const reason = whyAbsent(first!);
  if (reason) throw new CodecError('missing-tool', { what: `cannot run ${options.system}`, found: reason });
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'codec-find-'));
  const maker = new RowMaker(os.availableParallelism(), scratch);
  const tried = new Map<number, CloseSetting>();
  const measure = async (system: SystemSpec): Promise<CloseSetting> => {
    const known = tried.get(system.knob);
    if (known) return known;
    const metrics = options.target === 'rate' ? [] : [options.target];
    const rows: Row[] = [];
    for (const item of items) {
      const row = await maker.make({ item, system, metrics, output: scratch, keepSample: false });
      const failure = row.error ?? Object.values(row.failures)[0];
      if (failure)
        throw new CodecError('bad-argument', { what: `${item.id}: ${failure.message.replace(/\.$/, '')}` });
      rows.push(row);
    }
    const values = rows.map((row) => (options.target === 'rate' ? rateOf(row) : row.metrics[options.target]));
    if (values.some((value) => value === undefined || Number.isNaN(value))) {
      throw new CodecError('bad-argument', {
        what: `${items[0]!.path} has no ${options.target} with ${system.name}`,
      });
    }
    const setting = {
      ...{ system: system.label, knob: system.knob, rate: meanOf(rows.map(rateOf)) },
      ...{ unit: rateUnit(system.media), reached: meanOf(values as number[]) },
    };
    tried.set(system.knob, setting);
    return setting;
  };
  try {
    if (first!.kind === 'recipe') for (const system of candidates(options.system)) await measure(system);
    else await bisect(first!, options.value, measure);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const distance = ({ reached }: CloseSetting) => Math.abs(reached - options.value);
  return [...tried.values()].reduce((best, each) => (distance(each) < distance(best) ? each : best));
}

/** `rate=0.5` or `psnr=35`. Throws `bad-argument`. */
export function parseTarget(text: string): Pick<FindCloseOptions, 'target' | 'value'> {
  const [name, number] = text.split('=') as [string, string | undefined];
  const target = name === 'rate' ? 'rate' : metricNames.find((each) => each === name);
  const value = Number(number || Number.NaN);
  if (target !== undefined && Number.isFinite(value)) return { target, value };
  throw new CodecError('bad-argument', {
    what: `cannot read the target "${text}"`,
    expected: `NAME=NUMBER with a name of rate, ${metricNames.join(', ')}`,
  });
}

/** Every bitrate of a recipe, or the ends of a baseline's knob. */
function candidates(word: string): SystemSpec[] {
  const [head, ...rest] = word.split(':');
  const suffix = rest.length > 0 ? `:${rest.join(':')}` : '';
  const kind = Object.hasOwn(baselines, head!) ? 'baseline' : 'recipe';
  if (kind === 'recipe') loadAnyRecipe(head!);
  return parseSystems(kind, [`${head}@all${suffix}`]);
}

async function bisect(
  system: SystemSpec,
  value: number,
  measure: (system: SystemSpec) => Promise<CloseSetting>,
): Promise<void> {
  const { knob, options } = baselines[system.name as BaselineName];
  const changes = Object.fromEntries(
    Object.entries(system.settings).filter(
      ([name, chosen]) =>
        name !== knob.name && (options as Record<string, readonly string[]>)[name]?.[0] !== chosen,
    ),
  );
  const at = (setting: number) =>
    measure(build('baseline', system.name, system.media, knob.name, setting, changes));
  let [low, high] = knob.range as [number, number];
  const rising = (await at(high)).reached > (await at(low)).reached;
  for (let step = 0; step < MOST_STEPS; step++) {
    const middle = knob.whole ? Math.round((low + high) / 2) : Number(((low + high) / 2).toPrecision(4));
    if (middle === low || middle === high) break;
    const { reached } = await at(middle);
    if (reached < value === rising) low = middle;
    else high = middle;
  }
}
