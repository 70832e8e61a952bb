export {
  AudioTokenizer,
  type EncodeTokensOptions,
  type TokenizerInput,
  type TokenizerOptions,
} from './audio-tokenizer.ts';
export type { AudioTokens } from './audio-tokens.ts';
export { AcousticBpe, type BpeShape, type BpeTrainingOptions, type Compression } from './bpe/acoustic-bpe.ts';
export {
  fromTokenizerJson,
  idsOfText,
  type TokenizerJson,
  textOfIds,
  toTokenizerJson,
} from './bpe/tokenizer-json.ts';
export { type DatasetBpe, type DatasetBpeOptions, trainBpe } from './bpe/train-on-dataset.ts';
export type { DatasetInfo } from './dataset/card.ts';
export { type DetokenizeOptions, type DetokenizeProgress, detokenize } from './dataset/detokenize.ts';
export { type ShardFormatName, shardFormatNames } from './dataset/formats/catalogue.ts';
export { findItems } from './dataset/items.ts';
export { openTokenDataset, type TokenDataset } from './dataset/read-dataset.ts';
export type { DatasetItem, RowInfo, TokenRow } from './dataset/row.ts';
export type { DatasetChoices, DatasetSettings } from './dataset/settings.ts';
export type { TokenizeProgress } from './dataset/shard-run.ts';
export {
  type TokenizeOptions,
  type TokenizeResult,
  tokenizeDataset,
} from './dataset/tokenize-dataset.ts';
export { FrameGrid, type SampleSpan } from './frame-grid.ts';
export { createLayout, type LayoutName, type LayoutOptions, layoutNames } from './layouts/catalogue.ts';
export type { Layout, LayoutShape, Place } from './layouts/layout.ts';
export { type ParseOptions, type SequenceOptions, type TokenSequence, TokenSequencer } from './sequencer.ts';
export { type Samples, TokenDecodeStream, TokenEncodeStream } from './token-streams.ts';
export {
  type IdRange,
  idMask,
  type SpecialName,
  specialNames,
  Vocabulary,
  type VocabularyOptions,
} from './vocabulary.ts';
