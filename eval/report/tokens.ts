import type { Codes } from '../../src/index.ts';
import { readCodes } from '../batch/codes-file.ts';
import type { Row } from '../batch/row.ts';
import { codesMetrics } from '../metrics/codes-catalogue.ts';
import type { CodesMetric } from '../metrics/metric.ts';
import type { TokenStatistics } from './data.ts';

/** Every statistic of codes, taken codebook by codebook over all items together: one item is too short for large codebooks. */
export function tokenStatistics(output: string, rows: readonly Row[]): TokenStatistics[] {
  const withCodes = rows.filter((row) => row.codes !== undefined);
  return [...new Set(withCodes.map(({ system }) => system))].map((system) => {
    const own = withCodes.filter((row) => row.system === system);
    const all = own.map((row) => readCodes(output, row.codes!));
    const durationSeconds = own.reduce((sum, row) => sum + (row.durationSeconds ?? 0), 0);
    const { codebooks, codebookSize } = all[0]!;
    const books = Array.from({ length: codebooks }, (_, q) => oneCodebook(all, q));
    const perCodebook = Object.entries<CodesMetric>(codesMetrics).map(([name, metric]) => [
      name,
      books.map((codes) => metric.compute(codes, { durationSeconds })),
    ]);
    return { system, codebookSize, frames: books[0]!.frames, perCodebook: Object.fromEntries(perCodebook) };
  });
}

function oneCodebook(all: readonly Codes[], q: number): Codes {
  const rows = all.map(({ indices, frames }) => indices.subarray(q * frames, (q + 1) * frames));
  const frames = rows.reduce((sum, row) => sum + row.length, 0);
  const indices = new Int32Array(frames);
  let at = 0;
  for (const row of rows) {
    indices.set(row, at);
    at += row.length;
  }
  return { indices, codebooks: 1, frames, codebookSize: all[0]!.codebookSize };
}
