import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  CodecError,
  type Codes,
  type ImageSignal,
  openVideo,
  writeAudio,
  writeImage,
} from '../../src/index.ts';
import { type Comparison, compareAudio, compareImages, compareVideos, metricsFor } from '../compare.ts';
import { failureFrom } from '../failure.ts';
import { bitrateKbps, bitsPerPixel } from '../metrics/bitrate.ts';
import { type MetricName, metrics } from '../metrics/catalogue.ts';
import type { CodesMetric } from '../metrics/metric.ts';
import { writeCodes } from './codes-file.ts';
import type { Item } from './items.ts';
import type { Row } from './row.ts';
import type { Coded } from './system.ts';
import type { SystemSpec } from './system-spec.ts';
import { SystemPool } from './systems.ts';

/** One row to be made. Plain data, so that it can go to another process. */
export interface Task {
  readonly item: Item;
  readonly system: SystemSpec;
  readonly metrics: readonly MetricName[];
  /** Folder of results. */
  readonly output: string;
  /** Keep what was decoded, for the report. */
  readonly keepSample: boolean;
}

/** Folder among the results of what a killed run left, to go on with. */
export const UNFINISHED = 'unfinished';

/** Makes rows, one at a time. */
export class RowMaker {
  private readonly systems: SystemPool;
  private readonly scratchRoot: string;

  /** `threads`: of each recipe's engine. `scratchRoot`: an existing folder for temporary files. */
  constructor(threads: number, scratchRoot: string) {
    this.systems = new SystemPool(threads);
    this.scratchRoot = scratchRoot;
  }

  /** Never rejects: what goes wrong is in the row. */
  async make(task: Task): Promise<Row> {
    const { item, system } = task;
    const scratch = mkdtempSync(path.join(this.scratchRoot, 'row-'));
    const head = { item: item.id, system: system.label, family: system.family, media: item.media };
    try {
      const unfinished = path.join(task.output, UNFINISHED, nameOf(task));
      const coded = await this.systems.open(system).run(item, scratch, unfinished);
      return { ...head, ...(await describe(task, coded)) };
    } catch (error) {
      return { ...head, ...NOTHING, error: failureFrom(error) };
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
}

/** Figures of a row that came to nothing. */
export const NOTHING = {
  ...{ metrics: {}, failures: {}, bytes: 0 },
  ...{ encodeSeconds: 0, decodeSeconds: 0, peakMemoryBytes: 0 },
} as const;

type Figures = Omit<Row, 'item' | 'system' | 'family' | 'media'>;

async function describe(task: Task, coded: Coded): Promise<Figures> {
  const { reference, decoded, bytes, payloadBytes, encodeSeconds, decodeSeconds } = coded;
  const { item, system } = task;
  const wanted = task.metrics.filter((name) => metricsFor(item.media).includes(name));
  let comparison: Comparison;
  let durationSeconds: number | undefined;
  let pixels: number | undefined;
  let picture: ImageSignal | undefined;
  if (reference.kind === 'audio' && decoded.kind === 'audio') {
    comparison = await compareAudio(reference, decoded, wanted);
    durationSeconds = reference.channels[0]!.length / reference.sampleRateHz;
  } else if (reference.kind === 'image' && decoded.kind === 'image') {
    comparison = await compareImages(reference, decoded, wanted);
    pixels = reference.width * reference.height;
    picture = decoded;
  } else if (reference.kind === 'video' && decoded.kind === 'video') {
    const [a, b] = await Promise.all([openVideo(reference.path), openVideo(decoded.path)]);
    const { mean, frames } = await compareVideos(a, b, wanted);
    comparison = mean;
    if (a.frameRateHz > 0) durationSeconds = frames.length / a.frameRateHz;
    pixels = a.width * a.height * frames.length;
    if (task.keepSample) picture = await middleFrame(decoded.path, frames.length);
  } else
    throw new CodecError('bad-argument', {
      what: `${system.label} gave ${decoded.kind} for ${reference.kind}`,
    });

  const values: Record<string, number> = { ...comparison.metrics };
  const failures = { ...comparison.failures };
  if (coded.codes) measureCodes(coded.codes, durationSeconds ?? Number.NaN, task.metrics, values, failures);
  const kept = task.keepSample ? await keep(task, decoded.kind === 'audio' ? decoded : picture) : undefined;
  return {
    metrics: values,
    failures,
    bytes,
    ...(payloadBytes !== undefined && { payloadBytes }),
    ...(durationSeconds && {
      durationSeconds,
      bitrateKbps: bitrateKbps(bytes, durationSeconds),
      ...(payloadBytes !== undefined && { payloadKbps: bitrateKbps(payloadBytes, durationSeconds) }),
      realTimeFactor: durationSeconds / (encodeSeconds + decodeSeconds),
    }),
    ...('bitrate' in system.settings && { nominalKbps: system.knob }),
    ...(pixels && { bitsPerPixel: bitsPerPixel(bytes, pixels) }),
    encodeSeconds,
    decodeSeconds,
    peakMemoryBytes: coded.peakMemoryBytes,
    ...(kept && { sample: kept }),
    ...(coded.codes && { codes: writeCodes(task.output, nameOf(task), coded.codes) }),
  };
}

function measureCodes(
  codes: Codes,
  durationSeconds: number,
  names: readonly MetricName[],
  values: Record<string, number>,
  failures: Record<string, ReturnType<typeof failureFrom>>,
): void {
  for (const name of names) {
    const metric = metrics[name] as { media: string };
    if (metric.media !== 'codes') continue;
    try {
      values[name] = (metric as CodesMetric).compute(codes, { durationSeconds });
    } catch (error) {
      failures[name] = failureFrom(error);
    }
  }
}

async function keep(
  task: Task,
  decoded: Parameters<typeof writeAudio>[1] | ImageSignal | undefined,
): Promise<string | undefined> {
  if (decoded === undefined) return undefined;
  mkdirSync(path.join(task.output, 'samples'), { recursive: true });
  const file = `samples/${nameOf(task)}.${decoded.kind === 'audio' ? 'wav' : 'webp'}`;
  const target = path.join(task.output, file);
  if (decoded.kind === 'audio') await writeAudio(target, decoded, { force: true });
  else await writeImage(target, decoded, { force: true });
  return file;
}

/** The frame in the middle of a video. */
export async function middleFrame(video: string, frames: number): Promise<ImageSignal | undefined> {
  const stream = await openVideo(video);
  let at = 0;
  for await (const frame of stream.frames()) if (at++ === Math.floor(frames / 2)) return frame;
  return undefined;
}

/** A file name for an item and a system that no other pair has. */
function nameOf({ item, system }: Task): string {
  const id = `${item.id}--${system.label}`;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, 8);
  return `${id.replace(/[^\w.=@-]+/g, '_').slice(-80)}-${hash}`;
}
