import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CodecError } from '../../core/errors.ts';
import type { TokenSequencer } from '../sequencer.ts';
import { type DatasetInfo, readDatasetInfo } from './card.ts';
import { shardFormats } from './formats/catalogue.ts';
import type { TokenRow } from './row.ts';
import { sequencerOf } from './settings.ts';
import { STATE } from './shards.ts';

export interface TokenDataset {
  readonly info: DatasetInfo;
  /** Turns a row's `tokens` into codes, and back. */
  readonly sequencer: TokenSequencer;
  /** All rows, shard by shard. */
  rows(): AsyncIterable<TokenRow>;
}

/**
 * Opens a dataset that `tokenizeDataset` wrote.
 * @throws `bad-tokens` for a folder without one or with an unfinished one, and from `rows()` for files that are not as they were
 */
export function openTokenDataset(folder: string): TokenDataset {
  const info = readDatasetInfo(folder);
  if (!info) {
    const unfinished = existsSync(path.join(folder, STATE));
    throw new CodecError('bad-tokens', {
      what: `cannot read ${folder}`,
      found: unfinished ? 'an unfinished token dataset' : 'no token dataset',
      expected: 'a folder that codec tokenize wrote',
      ...(unfinished && { remedy: 'Finish it with codec tokenize --resume.' }),
    });
  }
  return {
    info,
    sequencer: sequencerOf(info),
    async *rows() {
      for (const shard of info.shards) {
        let rows = 0;
        const read = (extension: string) => readShardFile(path.join(folder, `${shard.name}.${extension}`));
        for await (const row of shardFormats[info.format].read(read)) {
          rows++;
          yield row;
        }
        if (rows === shard.items) continue;
        throw new CodecError('bad-tokens', {
          what: `${shard.name} in ${folder} is not as it was written`,
          found: `${rows} rows`,
          expected: `${shard.items}`,
        });
      }
    },
  };
}

async function readShardFile(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    const what = `cannot read ${file}`;
    throw new CodecError('bad-tokens', { what, found: (cause as Error).message }, { cause });
  }
}
