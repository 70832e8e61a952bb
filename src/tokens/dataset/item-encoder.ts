import path from 'node:path';
import { CodecError } from '../../core/errors.ts';
import { AudioTokenizer, type TokenizerOptions } from '../audio-tokenizer.ts';
import type { AudioTokens } from '../audio-tokens.ts';
import type { DatasetItem, RowInfo } from './row.ts';

export interface ItemTask {
  /** Place in the list of items. */
  readonly index: number;
  readonly item: DatasetItem;
}

/** An item's codes, or why there are none. */
export type ItemResult =
  | { readonly info: RowInfo; readonly codes: Int32Array[] }
  | { readonly error: ItemError };

export interface ItemError {
  readonly id: string;
  readonly path: string;
  /** Of a `CodecError`, or `unexpected`. */
  readonly code: string;
  readonly message: string;
}

/** What a worker needs to make the same tokenizer. */
export interface EncoderSpec {
  readonly recipe: string;
  readonly options: TokenizerOptions;
}

/** Encodes one item; whatever goes wrong is the result. */
export async function encodeItem(tokenizer: AudioTokenizer, item: DatasetItem): Promise<ItemResult> {
  const { id, path: file, startSeconds, endSeconds } = item;
  try {
    const tokens = await tokenizer.encode(file, {
      ...(startSeconds !== undefined && { startSeconds }),
      ...(endSeconds !== undefined && { endSeconds }),
    });
    return { info: infoOfItem(item, tokens), codes: tokens.codes };
  } catch (error) {
    return { error: { id, path: file, ...describeError(error) } };
  }
}

export function describeError(error: unknown): { code: string; message: string } {
  const message = error instanceof Error ? error.message : String(error);
  return { code: error instanceof CodecError ? error.code : 'unexpected', message };
}

export function loadEncoder({ recipe, options }: EncoderSpec): Promise<AudioTokenizer> {
  return AudioTokenizer.load(recipe, options);
}

function infoOfItem({ path: file, ...item }: DatasetItem, tokens: AudioTokens): RowInfo {
  return {
    ...item,
    source: path.basename(file),
    durationSeconds: tokens.durationSeconds,
    frames: tokens.codes[0]!.length,
    ...(tokens.segments && { segments: tokens.segments }),
  };
}
