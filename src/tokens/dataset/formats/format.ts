import type { IntTypeName } from '../int-array.ts';
import type { TokenRow } from '../row.ts';

export interface ShardLayout {
  /** Of ids on disk. */
  readonly intType: IntTypeName;
  readonly streams: number;
  /** Place in the dataset of the shard's first item. */
  readonly firstItem: number;
}

/** A file of a shard, whole. */
export interface ShardFile {
  /** After the shard's name. */
  readonly extension: string;
  readonly bytes: Uint8Array;
}

/** How the rows of a shard are kept. */
export interface ShardFormat {
  readonly about: string;
  /** Of the files of a shard, the one to be opened first. */
  readonly extension: string;
  write(rows: readonly TokenRow[], layout: ShardLayout): Promise<ShardFile[]>;
  /**
   * The rows of a shard.
   * @param read the bytes of the shard's file with an extension
   * @throws `bad-tokens` for files that are not of this format
   */
  read(read: (extension: string) => Promise<Uint8Array>): AsyncIterable<TokenRow>;
}
