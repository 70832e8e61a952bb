import { CodecError } from '../core/errors.ts';
import { joinBlocks } from '../core/signal.ts';

/**
 * Sound that arrives block by block, in constant memory. Read it once, with `for await (const block of
 * stream.blocks())`; leaving the loop early closes the source.
 */
export interface AudioStream {
  readonly sampleRateHz: number;
  readonly channels: number;
  /** Samples per channel `blocks()` yields in all unless it throws; absent when only the end will tell. */
  readonly lengthSamples?: number;
  /** A guess at `lengthSamples` where that is absent, good for progress bars and nothing else. */
  readonly estimatedLengthSamples?: number;
  /** Planar blocks, `block[c][t]`, one array per channel, nominally in [-1, 1]. The arrays are the caller's. */
  blocks(): AsyncIterable<Float32Array[]>;
  /** Releases files and processes. Idempotent. */
  close(): Promise<void>;
}

/** How samples are stored: signed integers (full scale 2^15 or 2^23), or IEEE floats as they are. */
export type SampleFormat = 'pcm16' | 'pcm24' | 'float32';

/** Takes sound block by block. `finish` or `abort` must be called. */
export interface AudioWriter {
  /** Appends planar samples, `planar[c][t]`. Resolves when the target is ready for more. */
  write(planar: readonly Float32Array[]): Promise<void>;
  /** Completes the output. `clippedSamples` counts the samples, over all channels, that were out of range. */
  finish(): Promise<{ clippedSamples: number }>;
  /** Gives up: removes what was written to a path. Idempotent; does nothing after `finish`. */
  abort(): Promise<void>;
}

/** Joins all blocks of a stream, one array per channel. Closes the stream. */
export async function collectBlocks(stream: AudioStream): Promise<Float32Array[]> {
  const parts: Float32Array[][] = [];
  for await (const block of stream.blocks()) parts.push(block);
  return joinBlocks(parts, stream.channels);
}

/** Throws `bad-argument` unless `planar` has `channels` arrays of one length; returns that length. */
export function checkPlanar(planar: readonly Float32Array[], channels: number): number {
  const length = planar[0]?.length ?? 0;
  if (planar.length !== channels || planar.some((samples) => samples.length !== length)) {
    throw new CodecError('bad-argument', {
      what: 'cannot use this block of audio',
      found: `channels of ${planar.map((samples) => samples.length).join(', ') || 'no'} samples`,
      expected: `${channels} channels of equal length`,
    });
  }
  return length;
}
