import { CodecError } from '../../../core/errors.ts';
import { infoOf, type RowInfo, type TokenRow } from '../row.ts';
import type { ShardFormat } from './format.ts';

/** Objects, one on each line. Throws `bad-tokens` with the line's number. */
export function parseLines(text: string, name: string): Record<string, unknown>[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    try {
      const value: unknown = JSON.parse(line);
      if (typeof value === 'object' && value !== null) return [value as Record<string, unknown>];
    } catch {
      // Said below.
    }
    throw new CodecError('bad-tokens', {
      what: `cannot read ${name}`,
      found: `"${line.slice(0, 40)}" on line ${i + 1}`,
      expected: 'a JSON object on each line',
    });
  });
}

/** The ids of a row as they stand in JSON. Throws `bad-tokens` for anything but rows of integers. */
export function parseTokens(value: unknown, name: string): Int32Array[] {
  const isRow = (row: unknown) => Array.isArray(row) && row.every((id) => Number.isInteger(id));
  if (Array.isArray(value) && value.every(isRow)) return value.map((row) => Int32Array.from(row));
  throw new CodecError('bad-tokens', {
    what: `cannot read ${name}`,
    found: value === undefined ? 'no tokens' : 'tokens that are no lists of integers',
    expected: '"tokens": a list of ids for each stream',
  });
}

/** One JSON object a line. */
export const jsonl: ShardFormat = {
  about: 'a JSON object on each line',
  extension: 'jsonl',
  async write(rows) {
    const lines = rows.map((row) => {
      const tokens = row.tokens.map((stream) => Array.from(stream));
      return `${JSON.stringify({ ...infoOf(row), tokens })}\n`;
    });
    return [{ extension: 'jsonl', bytes: Buffer.from(lines.join('')) }];
  },
  async *read(read) {
    const text = Buffer.from(await read('jsonl')).toString();
    for (const row of parseLines(text, 'a shard')) {
      const id = String(row.id);
      yield {
        ...(row as unknown as RowInfo),
        tokens: parseTokens(row.tokens, `the row "${id}"`),
      } as TokenRow;
    }
  },
};
