import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Item } from '../batch/items.ts';
import { type Row, rateOf, rateUnit } from '../batch/row.ts';
import type { Summary } from '../batch/summary.ts';
import { type MetricName, metrics } from '../metrics/catalogue.ts';
import type { Metric } from '../metrics/metric.ts';
import type { ReportData } from './data.ts';
import { sampleOf } from './samples.ts';
import { STYLE } from './style.ts';
import { tokenStatistics } from './tokens.ts';

export interface ReportInput {
  /** Folder of results, with the samples and codes that rows name. */
  readonly output: string;
  readonly items: readonly Item[];
  readonly rows: readonly Row[];
  readonly summary: Summary;
  readonly notes: readonly string[];
}

/** A page that opens without network or server: rate-distortion plots, tables, samples side by side, token statistics. */
export async function writeReport(input: ReportInput): Promise<string> {
  const { rows, summary, notes } = input;
  const withSamples = input.items.filter(({ id }) => rows.some((row) => row.item === id && row.sample));
  const samples = [];
  for (const item of withSamples) samples.push(await sampleOf(input.output, item, rows));
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.metrics)))];
  const data: ReportData = {
    notes,
    systems: summary.systems,
    bjontegaard: summary.bjontegaard,
    rateUnits: Object.fromEntries(summary.systems.map(({ media }) => [media, rateUnit(media)])),
    metrics: Object.fromEntries(
      names.map((name) => {
        const { unit, better, about, source, media } = metrics[name as MetricName] as Metric;
        return [name, { unit, better, about, source, media }];
      }),
    ),
    rows: rows.map((row) => ({
      ...{ item: row.item, system: row.system, media: row.media, rate: rateOf(row), metrics: row.metrics },
      ...{ encodeSeconds: row.encodeSeconds, decodeSeconds: row.decodeSeconds },
      error: row.error?.message ?? Object.values(row.failures)[0]?.message ?? '',
    })),
    samples,
    tokens: tokenStatistics(input.output, rows),
  };
  return page(data);
}

function page(data: ReportData): string {
  const require = createRequire(import.meta.url);
  const plotFolder = path.dirname(require.resolve('uplot'));
  const plot = readFileSync(path.join(plotFolder, 'uPlot.iife.min.js'), 'utf8');
  const plotStyle = readFileSync(path.join(plotFolder, 'uPlot.min.css'), 'utf8');
  const client = readFileSync(fileURLToPath(new URL('./client.js', import.meta.url)), 'utf8');
  // Infinite values have no JSON; < could end the script early.
  const json = JSON.stringify(data, (_, value) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  ).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>Codec evaluation</title>
<style>${plotStyle}${STYLE}</style>
</head>
<body>
<main></main>
<script type="application/json" id="data">${json}</script>
<script>${plot}</script>
<script type="module">${client}</script>
</body>
</html>
`;
}
