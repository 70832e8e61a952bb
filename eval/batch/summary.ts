import { CodecError } from '../../src/index.ts';
import { baselines } from '../baselines/catalogue.ts';
import type { Media } from '../media.ts';
import { type MetricName, metrics } from '../metrics/catalogue.ts';
import type { Metric } from '../metrics/metric.ts';
import { bdMetric, bdRate, type RatePoint } from '../statistics/bjontegaard.ts';
import { bootstrapMean, type MeanInterval, meanOf } from '../statistics/bootstrap.ts';
import { type Row, rateOf, rateUnit } from './row.ts';

/** A system's means over the items it coded. */
export interface SystemSummary {
  readonly system: string;
  readonly family: string;
  readonly media: Media;
  readonly items: number;
  readonly errors: number;
  /** kbps of sound, bits per pixel of pictures and video; of whole files. */
  readonly rate: MeanInterval;
  /** Without containers, where that can be told. */
  readonly payloadKbps?: MeanInterval;
  readonly metrics: Readonly<Record<string, MeanInterval>>;
  readonly realTimeFactor?: number;
  readonly encodeSeconds: number;
  readonly decodeSeconds: number;
  /** Largest of any row. */
  readonly peakMemoryBytes: number;
}

/** A family's curve against the anchor's, over mean points. */
export interface BjontegaardRow {
  readonly media: Media;
  readonly family: string;
  readonly anchor: string;
  readonly metric: string;
  /** Percent; undefined where the curves have no quality in common. */
  readonly bdRate?: number;
  /** In the metric's unit, positive for better; undefined where the curves have no rate in common. */
  readonly bdMetric?: number;
}

export interface Summary {
  readonly systems: readonly SystemSummary[];
  readonly bjontegaard: readonly BjontegaardRow[];
}

/**
 * Means with 95 % bootstrap intervals of each system, and Bjontegaard deltas against an anchor: the family named, or else
 * the first baseline of each medium (without any, the first recipe).
 */
export function summarize(rows: readonly Row[], order: readonly string[], anchor?: string): Summary {
  const systems = order.flatMap((label) => {
    const own = rows.filter((row) => row.system === label);
    return own.length > 0 ? [summarizeSystem(own)] : [];
  });
  return { systems, bjontegaard: compareFamilies(systems, anchor) };
}

function summarizeSystem(rows: readonly Row[]): SystemSummary {
  const { system, family, media } = rows[0]!;
  const good = rows.filter((row) => row.error === undefined);
  const names = [...new Set(good.flatMap((row) => Object.keys(row.metrics)))];
  const valuesOf = (name: string) =>
    good.map((row) => row.metrics[name]).filter((value): value is number => value !== undefined);
  const payloads = good.map((row) => row.payloadKbps).filter((x): x is number => x !== undefined);
  const factors = good.map((row) => row.realTimeFactor).filter((x): x is number => x !== undefined);
  return {
    ...{ system, family, media, items: good.length, errors: rows.length - good.length },
    rate: bootstrapMean(good.map(rateOf)),
    ...(payloads.length > 0 && { payloadKbps: bootstrapMean(payloads) }),
    metrics: Object.fromEntries(names.map((name) => [name, bootstrapMean(valuesOf(name))])),
    ...(factors.length > 0 && { realTimeFactor: meanOf(factors) }),
    encodeSeconds: meanOf(good.map((row) => row.encodeSeconds)),
    decodeSeconds: meanOf(good.map((row) => row.decodeSeconds)),
    peakMemoryBytes: good.reduce((peak, row) => Math.max(peak, row.peakMemoryBytes), 0),
  };
}

function compareFamilies(systems: readonly SystemSummary[], anchor?: string): BjontegaardRow[] {
  const media = [...new Set(systems.map((system) => system.media))];
  return media.flatMap((medium) => {
    const own = systems.filter((system) => system.media === medium && system.items > 0);
    const families = [...new Set(own.map(({ family }) => family))];
    const ordinary = families.find((family) => Object.hasOwn(baselines, family.split(':')[0]!));
    const against = families.find((family) => family === anchor) ?? ordinary ?? families[0];
    if (against === undefined) return [];
    const names = [...new Set(own.flatMap((system) => Object.keys(system.metrics)))].filter(
      (name) => (metrics[name as MetricName] as Metric).media !== 'codes',
    );
    return families
      .filter((family) => family !== against)
      .flatMap((family) =>
        names.map((metric) => {
          const [a, b] = [curveOf(own, against, metric), curveOf(own, family, metric)];
          const rate = ifPossible(() => bdRate(a, b));
          const quality = ifPossible(() => bdMetric(a, b));
          return {
            ...{ media: medium, family, anchor: against, metric },
            ...(rate !== undefined && { bdRate: rate }),
            ...(quality !== undefined && { bdMetric: quality }),
          };
        }),
      );
  });
}

function curveOf(systems: readonly SystemSummary[], family: string, metric: string): RatePoint[] {
  const sign = metrics[metric as MetricName].better === 'higher' ? 1 : -1;
  return systems
    .filter((system) => system.family === family && system.metrics[metric] !== undefined)
    .map((system) => ({ rate: system.rate.mean, quality: sign * system.metrics[metric]!.mean }));
}

function ifPossible(compute: () => number): number | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

/** The summary as tables of Markdown, which read well on a terminal too. */
export function summaryToMarkdown({ systems, bjontegaard }: Summary): string {
  const parts = [...new Set(systems.map(({ media }) => media))].map((media) => {
    const own = systems.filter((system) => system.media === media);
    const names = [...new Set(own.flatMap((system) => Object.keys(system.metrics)))];
    const payload = media === 'audio' ? ['payload kbps'] : [];
    const head = ['system', 'items', rateUnit(media), ...payload, ...names, 'x real time', 'peak MB'];
    const table = own.map((system) => [
      system.system,
      system.errors > 0 ? `${system.items} (${system.errors} failed)` : String(system.items),
      interval(system.rate),
      ...payload.map(() => interval(system.payloadKbps)),
      ...names.map((name) => interval(system.metrics[name])),
      system.realTimeFactor === undefined ? '-' : system.realTimeFactor.toFixed(1),
      (system.peakMemoryBytes / 2 ** 20).toFixed(0),
    ]);
    const deltas = bjontegaard.filter(
      (row) => row.media === media && (row.bdRate !== undefined || row.bdMetric !== undefined),
    );
    const anchors = deltas.map((row) => [
      row.family,
      row.metric,
      row.bdRate === undefined ? '-' : `${signed(row.bdRate, 1)} %`,
      row.bdMetric === undefined ? '-' : signed(row.bdMetric, 3),
    ]);
    return [
      markdownTable(head, table),
      'Mean [95 % bootstrap interval] over items; rate of whole files, payload without containers.',
      ...(anchors.length > 0
        ? [
            `Against ${deltas[0]!.anchor} (Bjontegaard over the means; - where the curves have nothing in common):`,
            markdownTable(['family', 'metric', 'BD-rate', 'BD-metric'], anchors),
          ]
        : []),
    ].join('\n\n');
  });
  return `${parts.join('\n\n')}\n`;
}

function interval(value: MeanInterval | undefined): string {
  if (value === undefined || value.count === 0) return '-';
  if (!Number.isFinite(value.mean)) return String(value.mean);
  const size = Math.abs(value.mean);
  const digits = size >= 100 ? 1 : size < 0.1 ? 4 : 3;
  const [mean, low, high] = [value.mean, value.low, value.high].map((x) => x.toFixed(digits));
  return value.count < 2 ? mean! : `${mean} [${low}, ${high}]`;
}

const signed = (value: number, digits: number) => `${value > 0 ? '+' : ''}${value.toFixed(digits)}`;

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, c) => Math.max(title.length, ...rows.map((row) => row[c]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join(' | ')} |`;
  const rule = widths.map((width, c) => (c === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}
