import { parseDocument } from 'yaml';
import { CodecError } from '../core/errors.ts';

export type Tree = { [key: string]: unknown };

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `over` laid on `base`: maps merge key by key, everything else is replaced. A slot of another type starts empty. */
export function merge(base: Tree, over: Tree): Tree {
  const result: Tree = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = base[key];
    const sameSlot =
      isTree(below) && isTree(value) && (value.type === undefined || value.type === below.type);
    result[key] = sameSlot ? merge(below, value) : value;
  }
  return result;
}

/** `["encoder.nFilters=32"]` as `{encoder: {nFilters: 32}}`; values are read as YAML. */
export function parseAssignments(assignments: readonly string[]): Tree {
  let result: Tree = {};
  for (const assignment of assignments) {
    const at = assignment.indexOf('=');
    const path = assignment.slice(0, Math.max(at, 0)).split('.');
    const value = parseDocument(assignment.slice(at + 1), { logLevel: 'silent' });
    if (at < 1 || path.some((key) => key === '') || value.errors.length > 0) {
      throw new CodecError('bad-argument', {
        what: 'cannot read --set',
        found: `"${assignment}"`,
        expected: 'path=value, e.g. encoder.nFilters=32, the value in YAML',
      });
    }
    result = merge(
      result,
      path.reduceRight<Tree>(
        (inner, key, i) => ({ [key]: i === path.length - 1 ? value.toJS() : inner }),
        {},
      ),
    );
  }
  return result;
}
