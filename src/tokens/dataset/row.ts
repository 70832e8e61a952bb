import type { CodesSegment } from '../../core/codes.ts';

/** Something to tokenize. */
export interface DatasetItem {
  /** Unlike any other's. */
  readonly id: string;
  /** The sound file. */
  readonly path: string;
  /** Which part of it; all of it if not said. */
  readonly startSeconds?: number;
  readonly endSeconds?: number;
  readonly text?: string;
  /** What else a manifest says of it. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What a dataset says of an item besides its tokens. */
export interface RowInfo extends Omit<DatasetItem, 'path'> {
  /** Name of the sound file, without its folder. */
  readonly source: string;
  readonly durationSeconds: number;
  readonly frames: number;
  /** Of codecs that cut sound into segments. */
  readonly segments?: readonly CodesSegment[];
}

/** An item of a dataset. */
export interface TokenRow extends RowInfo {
  /** Ids in the dataset's layout, `tokens[stream][position]`. */
  readonly tokens: Int32Array[];
}

/** The parts of a row that are not its tokens, in the order in which files have them. */
export function infoOf({
  id,
  source,
  text,
  startSeconds,
  endSeconds,
  durationSeconds,
  frames,
  metadata,
  segments,
}: RowInfo): RowInfo {
  return {
    id,
    source,
    ...(text !== undefined && { text }),
    ...(startSeconds !== undefined && { startSeconds }),
    ...(endSeconds !== undefined && { endSeconds }),
    durationSeconds,
    frames,
    ...(metadata && { metadata }),
    ...(segments && { segments }),
  };
}
