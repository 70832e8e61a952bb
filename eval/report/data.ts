import type { BjontegaardRow, SystemSummary } from '../batch/summary.ts';
import type { Media } from '../media.ts';

/** What the page holds; numbers without a finite value as text. */
export interface ReportData {
  readonly notes: readonly string[];
  readonly systems: readonly SystemSummary[];
  readonly bjontegaard: readonly BjontegaardRow[];
  readonly rateUnits: Readonly<Record<string, string>>;
  readonly metrics: Readonly<
    Record<string, { unit: string; better: string; about: string; source: string; media: string }>
  >;
  readonly rows: readonly ReportRow[];
  readonly samples: readonly Sample[];
  readonly tokens: readonly TokenStatistics[];
}

export interface ReportRow {
  readonly item: string;
  readonly system: string;
  readonly media: Media;
  readonly rate: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly encodeSeconds: number;
  readonly decodeSeconds: number;
  readonly error: string;
}

/** An item as it was and as each system gave it back; the original first. */
export interface Sample {
  readonly item: string;
  readonly media: Media;
  readonly versions: readonly SampleVersion[];
}

export interface SampleVersion {
  readonly system: string;
  /** Sound, picture or a video's frame as a data URI. */
  readonly source: string;
  readonly spectrogram?: string;
  /** Metrics and rate in words. */
  readonly caption: string;
}

/** A system's codes of all items together, one codebook after another. */
export interface TokenStatistics {
  readonly system: string;
  readonly codebookSize: number;
  readonly frames: number;
  /** By metric of codes: a value per codebook. */
  readonly perCodebook: Readonly<Record<string, readonly number[]>>;
}
