import { readFileSync } from 'node:fs';
import { parse as parseCsv } from 'csv-parse/sync';
import { CodecError } from '../core/errors.ts';

/** What one line of a manifest says. */
export interface ManifestRow {
  /** From 1. */
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Whether a path is that of a manifest, by its extension. */
export function isManifest(file: string): boolean {
  return /\.(jsonl|csv)$/i.test(file);
}

/**
 * Rows of a list of files: `.jsonl` with an object a line, or `.csv` with a header. Empty lines are passed over.
 * @throws `bad-argument` for other text
 */
export function readManifest(file: string): ManifestRow[] {
  return /\.csv$/i.test(file) ? csvRows(file) : jsonlRows(file);
}

function jsonlRows(file: string): ManifestRow[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((text, i) => {
      if (text.trim() === '') return [];
      try {
        const value: unknown = JSON.parse(text);
        if (typeof value === 'object' && value !== null)
          return [{ line: i + 1, value: value as Record<string, unknown> }];
      } catch {
        // Said below.
      }
      throw unreadable(`line ${i + 1} of ${file}`, 'not a JSON object');
    });
}

function csvRows(file: string): ManifestRow[] {
  try {
    const rows: { record: Record<string, string>; info: { lines: number } }[] = parseCsv(readFileSync(file), {
      columns: (names: string[]) => names.map((name) => name.trim()),
      bom: true,
      info: true,
      skip_empty_lines: true,
    });
    return rows.map(({ record, info }) => ({ line: info.lines, value: record }));
  } catch (cause) {
    throw unreadable(file, cause instanceof Error ? cause.message : String(cause));
  }
}

function unreadable(what: string, found: string): CodecError {
  return new CodecError('bad-argument', {
    what: `cannot read ${what}`,
    found,
    expected: 'a manifest: .jsonl with an object a line, or .csv with a header',
  });
}
