import type { ContainerChunk } from '../bitstream/container.ts';
import type { Damage } from '../bitstream/container-error.ts';
import type { ContainerReader } from '../bitstream/container-reader.ts';
import { CodecError } from '../core/errors.ts';
import type { EntropyCoder } from '../entropy/entropy-coder.ts';
import { CodesDecoder } from './codes-decoder.ts';
import type { AudioHeader } from './header.ts';
import type { Model } from './model.ts';

export interface DecodeReport {
  /** Chunks that were missing and became silence, by index. */
  readonly missingChunks: number[];
  damages: readonly Damage[];
  /** Whether the file had its end record. */
  complete: boolean;
}

/**
 * Decodes a container to blocks of planar samples, in constant memory. Chunks missing from a damaged file become
 * silence; decoding starts afresh after them. `report` fills up as it goes.
 */
export async function* decodeContainer(
  container: ContainerReader,
  header: AudioHeader,
  model: Model,
  entropy: EntropyCoder,
  report: DecodeReport,
): AsyncGenerator<Float32Array[]> {
  const { hopLength } = model;
  const { codebookSize } = model.parts.quantizer;
  const decoder = new CodesDecoder(model, header.codebooks);
  const trim = new Trimmer(header.channels, hopLength);
  let next = 0;
  /** Ends what went before and puts silence in the place of chunks, up to `to` or the end of the signal. */
  async function* skip(to: number, lengthSamples: number): AsyncGenerator<Float32Array[]> {
    yield* trim.take(await decoder.end());
    for (; next < to; next++) {
      report.missingChunks.push(next);
      const length = Math.min(header.framesPerChunk * hopLength, lengthSamples - trim.total);
      yield* trim.take(silent(header.channels, Math.max(0, length)));
    }
  }
  for await (const chunk of container.chunks()) {
    if (chunk.index > next) yield* skip(chunk.index, Number.POSITIVE_INFINITY);
    next = chunk.index + 1;
    yield* trim.take(await decoder.push(decodeChunk(chunk, entropy, header.codebooks, codebookSize)));
  }
  const { end } = container;
  report.complete = end !== undefined;
  report.damages = container.damages;
  yield* skip(end?.chunks ?? next, end?.lengthSamples ?? trim.total);
  if (
    end &&
    report.missingChunks.length === 0 &&
    Math.ceil(end.lengthSamples / hopLength) * hopLength !== trim.total
  ) {
    throw new CodecError('bad-container', {
      what: 'the end record does not fit the chunks',
      found: `a length of ${end.lengthSamples} samples`,
      expected: `at most ${trim.total} and less than a frame of ${hopLength} below`,
    });
  }
  yield* trim.end(end?.lengthSamples ?? trim.total);
}

function decodeChunk(
  { payload, mode, frames }: ContainerChunk,
  entropy: EntropyCoder,
  codebooks: number,
  codebookSize: number,
) {
  return entropy.decode({ bytes: payload, mode }, { codebooks, frames, codebookSize });
}

function silent(channels: number, length: number): Float32Array[] {
  return Array.from({ length: channels }, () => new Float32Array(length));
}

/** Keeps back the last frame's worth of samples until it is known where the signal ends. */
class Trimmer {
  /** Samples per channel taken in. */
  total = 0;
  private held: Float32Array[];
  private given = 0;
  private readonly hold: number;

  constructor(channels: number, hold: number) {
    this.held = silent(channels, 0);
    this.hold = hold;
  }

  *take(block: readonly Float32Array[]): Generator<Float32Array[]> {
    const length = block[0]!.length;
    if (length === 0) return;
    this.total += length;
    const all = block.map((samples, c) => {
      const joined = new Float32Array(this.held[c]!.length + length);
      joined.set(this.held[c]!);
      joined.set(samples, this.held[c]!.length);
      return joined;
    });
    const ready = Math.max(0, all[0]!.length - this.hold);
    this.held = all.map((samples) => samples.slice(ready));
    this.given += ready;
    if (ready > 0) yield all.map((samples) => samples.slice(0, ready));
  }

  *end(lengthSamples: number): Generator<Float32Array[]> {
    const left = Math.max(0, Math.min(this.held[0]!.length, lengthSamples - this.given));
    if (left > 0) yield this.held.map((samples) => samples.slice(0, left));
  }
}
