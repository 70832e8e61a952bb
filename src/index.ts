export type { ContainerHeader } from './bitstream/container.ts';
export { type ContainerReader, openContainer } from './bitstream/container-reader.ts';
export { type EcdcHeader, isEcdc } from './bitstream/ecdc-header.ts';
export { AudioCodec, type CodecParts, type DecodeOptions, type EncodeOptions } from './codec/audio-codec.ts';
export { decodeEcdc, encodeEcdc } from './codec/ecdc.ts';
export { type EcdcReport, ecdcDecoderStream, type OpenEcdc, openEcdc } from './codec/ecdc-decoder.ts';
export {
  type EcdcEncodeOptions,
  type EcdcEncoder,
  type EcdcStreamOptions,
  ecdcEncoderStream,
} from './codec/ecdc-encoder.ts';
export type { DecodeReport } from './codec/file-decoder.ts';
export type { FileEncoder } from './codec/file-encoder.ts';
export { removeFitCheckpoints } from './codec/fit-checkpoints.ts';
export {
  FittedCodec,
  type FittedEncodeOptions,
  type FittedFile,
  type OpenFitted,
} from './codec/fitted-codec.ts';
export { type ContainerSummary, inspectContainer } from './codec/inspect.ts';
export { signalFiles } from './codec/signal-files.ts';
export {
  type CodebookUse,
  CodeCounts,
  codebookUtilisation,
  normalisedEntropy,
  perplexity,
} from './core/code-counts.ts';
export type { Codes } from './core/codes.ts';
export { CodecError, type ErrorCode } from './core/errors.ts';
export { type ProcessPoolOptions, runInProcesses } from './core/process-pool.ts';
export { Rng } from './core/rng.ts';
export {
  type AudioSignal,
  type ImageSignal,
  lengthSamples,
  type RasterImage,
  type Signal,
} from './core/signal.ts';
export { float32, type HostTensor, int32 } from './core/tensor.ts';
export { createEngine, engineNames } from './engine/catalogue.ts';
export type { DeviceName } from './engine/devices.ts';
export { type CompiledGraph, compile, type Engine, type GraphFn, type GraphIo } from './engine/engine.ts';
export { loadGradients } from './engine/gradients.ts';
export { type BinCoderName, binCoderNames, binCoders } from './entropy/bin-coders.ts';
export {
  adaptiveTree,
  type Binarization,
  expGolomb,
  truncatedBinary,
  truncatedUnary,
  unary,
} from './entropy/binarization.ts';
export { BinaryDecoder, BinaryEncoder } from './entropy/binary-coder.ts';
export {
  type BinDecoder,
  type BinEncoder,
  BinEstimate,
  type BinSink,
  type BinSource,
} from './entropy/bins.ts';
export { FrequencyTable, frequenciesFromCounts } from './entropy/frequency-table.ts';
export { RansStack } from './entropy/rans.ts';
export { pullSymbol, pushSymbol, type SymbolDecoder, type SymbolEncoder } from './entropy/symbol-coder.ts';
export { type SymbolCoderName, symbolCoderNames, symbolCoders } from './entropy/symbol-coders.ts';
export { writeFileAtomically } from './media/atomic-file.ts';
export { openAudio, readAudio, writeAudio } from './media/audio-file.ts';
export { onProcessExit } from './media/exit-cleanup.ts';
export { readImage, readRaster, writeImage } from './media/image-file.ts';
export { isManifest, readManifest } from './media/manifest.ts';
export { resample } from './media/resample.ts';
export { openVideo, type VideoStream } from './media/video-file.ts';
export { createVideoWriter, type VideoWriter } from './media/video-writer.ts';
export { melFilters } from './nn/mel.ts';
export { Codec, type LoadOptions } from './recipe/codec.ts';
export { recipeForEcdc } from './recipe/ecdc.ts';
export { type ExportManifest, type ExportOptions, exportRecipe } from './recipe/export.ts';
export { loadFittedCodec } from './recipe/fitted.ts';
export { type ImportedWeights, type ImportOptions, importWeights } from './recipe/import-weights.ts';
export { type ListedWeights, listWeights } from './recipe/list-weights.ts';
export {
  fittedRecipeNames,
  isFitted,
  loadAnyRecipe,
  loadFittedRecipe,
  loadRecipe,
  recipeNames,
} from './recipe/load.ts';
export { type PulledWeights, type PullOptions, pullWeights } from './recipe/pull-weights.ts';
export type { FittedRecipe, Recipe } from './recipe/schema.ts';
export { freshState, Optimised, type OptimiserState } from './training/optimised.ts';
export { type Packed, type PackOptions, packWeights } from './weights/pack.ts';
export { readSafetensors, writeSafetensors } from './weights/safetensors.ts';
export { type UnpackedWeights, unpackWeights } from './weights/unpack.ts';
