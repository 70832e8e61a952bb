import type { ShardFormat } from './format.ts';
import { jsonl } from './jsonl.ts';
import { npy } from './npy.ts';
import { parquet } from './parquet.ts';
import { webdataset } from './webdataset.ts';

/** Every kind of file that token datasets are kept in. */
export const shardFormats = { jsonl, npy, parquet, webdataset } as const satisfies Record<
  string,
  ShardFormat
>;

export type ShardFormatName = keyof typeof shardFormats;

export const shardFormatNames = Object.keys(shardFormats) as ShardFormatName[];
