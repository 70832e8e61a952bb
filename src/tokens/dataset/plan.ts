import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CodecError } from '../../core/errors.ts';
import { writeFileAtomically } from '../../media/atomic-file.ts';
import { readDatasetInfo } from './card.ts';
import type { DatasetItem } from './row.ts';
import type { DatasetSettings } from './settings.ts';
import { STATE } from './shards.ts';

/** What decides a dataset: its settings and its items. */
export type Plan = DatasetSettings & { readonly inputDigest: string };

/** The plan that is kept with a dataset from the start. */
export function planOf(settings: DatasetSettings, items: readonly DatasetItem[]): Plan {
  return { ...settings, inputDigest: createHash('sha256').update(JSON.stringify(items)).digest('hex') };
}

/** Throws `bad-argument` when the dataset was begun with another plan. */
export async function assertSamePlan(output: string, plan: Plan): Promise<void> {
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
