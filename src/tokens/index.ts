export {
  AudioTokenizer,
  type EncodeTokensOptions,
  type TokenizerInput,
  type TokenizerOptions,
} from './audio-tokenizer.ts';
export type { AudioTokens } from './audio-tokens.ts';
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
