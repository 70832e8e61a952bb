import type { Container, Damage } from '../bitstream2/container-reader.ts';
import type { Chunk } from '../bitstream2/records.ts';
import type { EntropyCoder } from '../entropy2/entropy-coder.ts';
import { CodesDecoder } from './codes-decoder.ts';
import type { Model } from './model.ts';

export interface DecodeReport {
  /** Chunks that were missing and became silence, by index. */
  readonly missingChunks: number[];
  readonly damages: readonly Damage[];
  /** Whether the file had its end record. */
  complete: boolean;
}

/**
 * Decodes a container to blocks of planar samples, in constant memory. Chunks missing from a damaged file become
 * silence; decoding starts afresh after them. `report` fills up as it goes.
 */
export async function* decodeContainer(
  container: Container,
  model: Model,
  entropy: EntropyCoder,
  report: DecodeReport,
): AsyncGenerator<Float32Array[]> {
  const { header } = container;
  const { hopLength } = model;
  const { codebookSize } = model.parts.quantizer;
  const decoder = new CodesDecoder(model, header.codebooks);
  const chunkSamples = header.framesPerChunk * hopLength;
  const trim = new Trimmer(header.channels, hopLength);
  let next = 0;
  for await (const record of container.records()) {
    if (record.kind === 'end') {
      report.complete = true;
      yield* trim.take(await decoder.end());
      // Chunks lost between the last one read and the end are silence too.
      for (; trim.total + hopLength <= record.lengthSamples; next++) {
        report.missingChunks.push(next);
        const silence = Math.min(chunkSamples, record.lengthSamples - trim.total);
        yield* trim.take(silent(header.channels, silence));
      }
      yield* trim.end(record.lengthSamples);
      return;
    }
    if (record.index > next) {
      yield* trim.take(await decoder.end());
      for (; next < record.index; next++) {
        report.missingChunks.push(next);
        yield* trim.take(silent(header.channels, chunkSamples));
      }
    }
    next = record.index + 1;
    yield* trim.take(await decoder.push(decodeChunk(record, entropy, header.codebooks, codebookSize)));
  }
  yield* trim.take(await decoder.end());
  yield* trim.end(trim.total);
}

function decodeChunk(
  { payload, mode, frames }: Chunk,
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
