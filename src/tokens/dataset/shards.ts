import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { CodeCounts } from '../../core/code-counts.ts';
import { writeFileAtomically } from '../../media/atomic-file.ts';
import { codesOfRows } from '../audio-tokens.ts';
import { shardFormats } from './formats/catalogue.ts';
import type { ItemError, ItemResult } from './item-encoder.ts';
import type { TokenRow } from './row.ts';
import { type DatasetSettings, sequencerOf } from './settings.ts';

/** What is known of a shard that is complete. */
export interface ShardRecord {
  readonly name: string;
  readonly items: number;
  readonly frames: number;
  readonly durationSeconds: number;
  /** Ids, padding included. */
  readonly ids: number;
  readonly bytes: number;
}

/** What a shard leaves behind until the dataset is complete. */
export interface ShardState extends ShardRecord {
  readonly errors: readonly ItemError[];
  /** `counts[q][i]`: occurrences of entry i of codebook q. */
  readonly counts: readonly number[][];
}

/** Folder, in the dataset's, of what only an unfinished dataset needs. */
export const STATE = 'state';

export function shardName(shard: number): string {
  return `shard-${String(shard).padStart(5, '0')}`;
}

/** Makes shards of results, and knows which are there. A shard is there once its state is: that is written last. */
export class ShardStore {
  private readonly folder: string;
  private readonly settings: DatasetSettings;

  constructor(folder: string, settings: DatasetSettings) {
    this.folder = folder;
    this.settings = settings;
    mkdirSync(path.join(folder, STATE), { recursive: true });
  }

  /** The state of a shard, if it is complete. */
  state(shard: number): ShardState | undefined {
    const file = this.stateFile(shard);
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ShardState) : undefined;
  }

  /** Removes what writers that were killed left half done. Only for who knows that no other writer is at work. */
  removeLeftovers(): void {
    for (const folder of [this.folder, path.join(this.folder, STATE)]) {
      for (const name of readdirSync(folder)) {
        if (/\.[0-9a-f]{12}\.tmp$/.test(name)) rmSync(path.join(folder, name));
      }
    }
  }

  /** Writes the files of a shard: its results in the items' order. */
  async write(shard: number, results: readonly ItemResult[]): Promise<ShardState> {
    const { codebooks, codebookSize, format, intType, shardSize } = this.settings;
    const sequencer = sequencerOf(this.settings);
    const counts = new CodeCounts({ codebooks, codebookSize });
    const rows: TokenRow[] = [];
    const errors: ItemError[] = [];
    for (const result of results) {
      if ('error' in result) {
        errors.push(result.error);
        continue;
      }
      counts.add(codesOfRows(result.codes, codebookSize));
      rows.push({ ...result.info, tokens: sequencer.encode(result.codes).ids });
    }
    const { streams } = sequencer.layout;
    const name = shardName(shard);
    const files = await shardFormats[format].write(rows, { intType, streams, firstItem: shard * shardSize });
    for (const { extension, bytes } of files)
      await writeFileAtomically(path.join(this.folder, `${name}.${extension}`), bytes, { force: true });
    const sum = (value: (row: TokenRow) => number) => rows.reduce((total, row) => total + value(row), 0);
    const state: ShardState = {
      name,
      items: rows.length,
      frames: sum(({ frames }) => frames),
      durationSeconds: sum(({ durationSeconds }) => durationSeconds),
      ids: sum(({ tokens }) => streams * tokens[0]!.length),
      bytes: files.reduce((total, { bytes }) => total + bytes.length, 0),
      errors,
      counts: counts.counts.map((row) => Array.from(row)),
    };
    await writeFileAtomically(this.stateFile(shard), JSON.stringify(state), { force: true });
    return state;
  }

  private stateFile(shard: number): string {
    return path.join(this.folder, STATE, `${shardName(shard)}.json`);
  }
}
