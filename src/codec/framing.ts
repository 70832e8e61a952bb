import type { Codes } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import { assertFiniteSamples } from '../core/signal.ts';
import type { Model } from './model.ts';
import type { SegmentLayout } from './segment-layout.ts';

/** What of a model decides how many frames there are: a `Model` will do. */
export interface FrameShape {
  readonly hopLength: number;
  readonly parts: { readonly delaySamples: number };
}

/** How a signal of any length is cut for a model, and put together again. */
export interface Framing {
  encoder(model: Model, codebooks: number): CodesEncoder;
  decoder(model: Model, codebooks: number): CodesDecoder;
  /** Latent frames in every chunk of a file but the last. */
  framesPerChunk(model: FrameShape): number;
  /** Latent frames in chunk `index` of a signal of that length; 0 when it has no such chunk. */
  chunkFrames(model: FrameShape, index: number, lengthSamples: number): number;
  /** Whether codes come in segments, each with its scale. */
  readonly segmented: boolean;
  /** How the segments lie, where there are any. */
  readonly layout?: SegmentLayout;
}

/** Samples in, codes out, any amount at a time: the codes do not depend on how the samples were cut. */
export interface CodesEncoder {
  /** Samples per channel taken in so far. */
  readonly lengthSamples: number;
  /** Takes planar samples; gives the codes that are now certain. */
  push(planar: readonly Float32Array[]): Promise<Codes[]>;
  /** Ends the signal; gives the rest of the codes. Throws `bad-audio` when there were no samples. */
  end(): Promise<Codes[]>;
}

/** Codes in, samples out, any number of frames at a time; what comes out is in step with the signal that was coded. */
export interface CodesDecoder {
  /** Takes frames; gives the planar samples that are now certain. Throws `bad-argument` for codes that do not fit. */
  push(codes: Codes): Promise<Float32Array[]>;
  /** In the place of frames that are lost: silence, and a fresh start after it. */
  skip(frames: number): Promise<Float32Array[]>;
  /** Ends the signal and gives the rest of it; what is pushed next begins another signal. */
  end(): Promise<Float32Array[]>;
}

/** Throws `bad-audio` unless these are `channels` channels of equal length with finite samples. */
export function assertPlanar(planar: readonly Float32Array[], channels: number, offset: number): void {
  const what = 'cannot encode these samples';
  const length = planar[0]?.length ?? 0;
  if (planar.length !== channels || planar.some((samples) => samples.length !== length)) {
    throw new CodecError('bad-audio', {
      what,
      found: `channels of ${planar.map((s) => s.length).join(', ') || 'no'} samples`,
      expected: `${channels} of equal length`,
    });
  }
  for (const samples of planar) assertFiniteSamples(samples, offset, what);
}

/** Throws `bad-audio` for a signal that ends before it has begun. */
export function assertSamples(lengthSamples: number): void {
  if (lengthSamples > 0) return;
  throw new CodecError('bad-audio', { what: 'cannot encode this audio', found: 'no samples' });
}

/** Throws `bad-argument` unless the codes are of that many codebooks and complete, every index in range. */
export function assertCodesFit(codes: Codes, codebooks: number, codebookSize: number): void {
  const bad = codes.indices.findIndex((index) => index < 0 || index >= codebookSize);
  const complete = codes.indices.length === codes.codebooks * codes.frames;
  if (codes.codebooks === codebooks && complete && bad < 0) return;
  throw new CodecError('bad-argument', {
    what: 'these codes do not fit the codec',
    found:
      bad >= 0
        ? `index ${codes.indices[bad]}`
        : `${codes.indices.length} indices, ${codes.codebooks} codebooks`,
    expected: `${codebooks} codebooks of indices below ${codebookSize}`,
  });
}

/** [time, channels] as planar samples, the rows [from, to). */
export function planarOf(
  values: Float32Array,
  channels: number,
  from: number,
  to: number,
): Float32Array<ArrayBuffer>[] {
  if (channels === 1) return [Float32Array.from(values.subarray(from, to))];
  return Array.from({ length: channels }, (_, c) =>
    Float32Array.from({ length: to - from }, (_, t) => values[(from + t) * channels + c]!),
  );
}
