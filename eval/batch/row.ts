import type { Failure } from '../failure.ts';
import type { Media } from '../media.ts';

/** One item coded by one system. */
export interface Row {
  readonly item: string;
  readonly system: string;
  readonly family: string;
  readonly media: Media;
  /** By names of the metric catalogue. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Metrics that refused the item, and why. */
  readonly failures: Readonly<Record<string, Failure>>;
  /** Size of the whole coded file. */
  readonly bytes: number;
  /** Of the whole file, for sound and video. */
  readonly bitrateKbps?: number;
  /** What the setting promises, where it promises a bitrate. */
  readonly nominalKbps?: number;
  /**
   * Size without the container: what the coder wrote, without headers, checksums and packet lengths. Absent where that
   * cannot be told (picture files).
   */
  readonly payloadBytes?: number;
  /** Of the payload, for sound and video. */
  readonly payloadKbps?: number;
  /** Of the whole file, for pictures and video. */
  readonly bitsPerPixel?: number;
  readonly durationSeconds?: number;
  readonly encodeSeconds: number;
  readonly decodeSeconds: number;
  /** Duration over the time for encoding and decoding together. */
  readonly realTimeFactor?: number;
  /**
   * Largest resident memory while coding, in bytes: of the baseline's own process, or of a worker process that has opened
   * no other recipe, Node included. 0 where the system does not tell.
   */
  readonly peakMemoryBytes: number;
  /** Where the decoded item was kept, under the folder of results. */
  readonly sample?: string;
  /** Where its codes were kept. */
  readonly codes?: string;
  /** Why there is nothing else. */
  readonly error?: Failure;
}

/** A line of JSON. What JSON has no number for is written as text: `"Infinity"`. */
export function rowToJson(row: object): string {
  return JSON.stringify(row, (_, value) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}

export function rowFromJson(line: string): Row {
  return JSON.parse(line, (_, value) =>
    value === 'Infinity' || value === '-Infinity' || value === 'NaN' ? Number(value) : value,
  );
}

/** Bits per pixel where pixels are counted, else kbps. */
export function rateOf(row: Row): number {
  return (row.media === 'audio' ? row.bitrateKbps : row.bitsPerPixel) ?? Number.NaN;
}

export const rateUnit = (media: Media) => (media === 'audio' ? 'kbps' : 'bpp');

/** Rows as CSV, one column per metric. */
export function rowsToCsv(rows: readonly Row[]): string {
  const metricColumns = [...new Set(rows.flatMap((row) => Object.keys(row.metrics)))];
  const own = [
    ...['item', 'system', 'family', 'media', 'bytes', 'payloadBytes', 'bitrateKbps', 'nominalKbps'],
    'payloadKbps',
    ...['bitsPerPixel', 'durationSeconds', 'encodeSeconds', 'decodeSeconds', 'realTimeFactor'],
    'peakMemoryBytes',
  ] as const satisfies (keyof Row)[];
  const lines = rows.map((row) => [
    ...own.map((name) => row[name]),
    ...metricColumns.map((name) => row.metrics[name]),
    row.error?.message ?? Object.values(row.failures)[0]?.message,
  ]);
  return `${[[...own, ...metricColumns, 'error'], ...lines].map((line) => line.map(csvCell).join(',')).join('\n')}\n`;
}

function csvCell(value: unknown): string {
  const text = value === undefined ? '' : String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
