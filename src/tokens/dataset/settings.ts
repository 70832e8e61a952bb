import { toHex } from '../../bitstream/fields.ts';
import type { AudioTokenizer } from '../audio-tokenizer.ts';
import { createLayout, type LayoutName } from '../layouts/catalogue.ts';
import { TokenSequencer } from '../sequencer.ts';
import { Vocabulary } from '../vocabulary.ts';
import type { ShardFormatName } from './formats/catalogue.ts';
import { type IntTypeName, smallestInt } from './int-array.ts';

/** What decides what a dataset's files hold, and tells how to read them. */
export interface DatasetSettings {
  /** Name, or path of a .yaml file relative to the dataset's folder. */
  readonly recipe: string;
  /** Changes to the recipe, as `path=value`. */
  readonly set: readonly string[];
  /** Of the weights, in hex. */
  readonly fingerprint: string;
  readonly sampleRateHz: number;
  readonly channels: number;
  /** Samples per frame. */
  readonly hopLength: number;
  readonly codebooks: number;
  readonly codebookSize: number;
  readonly layout: LayoutName;
  /** For layouts whose streams are late. */
  readonly delay?: number;
  readonly baseId: number;
  /** Whether all codebooks have the same ids. */
  readonly shared: boolean;
  readonly format: ShardFormatName;
  /** Of ids on disk. */
  readonly intType: IntTypeName;
  /** Items in every shard but the last. */
  readonly shardSize: number;
}

export interface DatasetChoices {
  /** How codes stand in the streams. Default parallel. */
  readonly layout?: LayoutName;
  /** For `stack-delay` and `acoustic-delay`. */
  readonly delay?: number;
  /** The first id: the size of the text vocabulary that is to be extended. Default 0. */
  readonly baseId?: number;
  /** Whether all codebooks have the same ids. Default: where there are several streams. */
  readonly shared?: boolean;
  /** Default jsonl. */
  readonly format?: ShardFormatName;
  /** Items in a shard. Default 1000. */
  readonly shardSize?: number;
}

/** Fills in defaults. Throws `bad-argument` for choices that do not fit the codec. */
export function settingsOf(
  tokenizer: AudioTokenizer,
  recipe: string,
  set: readonly string[],
  choices: DatasetChoices,
): DatasetSettings {
  const { layout = 'parallel', delay, baseId = 0, format = 'jsonl', shardSize = 1000 } = choices;
  const { codebooks, codebookSize, sampleRateHz, channels, codec, grid } = tokenizer;
  const { streams } = createLayout(layout, { codebooks }, delay === undefined ? {} : { delay });
  const shared = choices.shared ?? streams > 1;
  const { end } = new Vocabulary({ codebooks, codebookSize, baseId, shared });
  return {
    ...{ recipe, set, fingerprint: toHex(codec.parts.fingerprint), sampleRateHz, channels },
    ...{ hopLength: grid.hopLength, codebooks, codebookSize, layout, ...(delay !== undefined && { delay }) },
    ...{ baseId, shared, format, intType: smallestInt(end), shardSize },
  };
}

/** What turns a dataset's ids into codes, and back. */
export function sequencerOf({
  codebooks,
  codebookSize,
  layout,
  delay,
  baseId,
  shared,
}: DatasetSettings): TokenSequencer {
  return new TokenSequencer(
    createLayout(layout, { codebooks }, delay === undefined ? {} : { delay }),
    new Vocabulary({ codebooks, codebookSize, baseId, shared }),
  );
}

/** Whether a recipe is named by its file. */
export function isRecipeFile(recipe: string): boolean {
  return /\.ya?ml$/.test(recipe);
}
