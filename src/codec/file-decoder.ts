import type { Damage } from '../bitstream/container-error.ts';
import type { ContainerReader } from '../bitstream/container-reader.ts';
import { CodecError } from '../core/errors.ts';
import type { EntropyCoders } from '../entropy/catalogue.ts';
import { decodePayload } from './chunk-payload.ts';
import type { Framing } from './framing.ts';
import type { AudioHeader } from './header.ts';
import type { Model } from './model.ts';

/** What turns chunks into samples. */
export interface Coding {
  readonly model: Model;
  readonly framing: Framing;
  readonly entropy: EntropyCoders;
}

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
  { model, framing, entropy }: Coding,
  report: DecodeReport,
): AsyncGenerator<Float32Array[]> {
  const { codebooks } = header;
  const { codebookSize } = model.parts.quantizer;
  const decoder = framing.decoder(model, codebooks);
  const trim = new Trimmer(header.channels, model.hopLength + model.parts.delaySamples);
  let next = 0;
  let frames = 0;
  /** Puts silence in the place of chunks, up to `to`. */
  async function* skip(to: number, framesOf: (index: number) => number): AsyncGenerator<Float32Array[]> {
    for (; next < to; next++) {
      report.missingChunks.push(next);
      const lost = framesOf(next);
      frames += lost;
      yield* trim.take(await decoder.skip(lost));
    }
  }
  for await (const chunk of container.chunks()) {
    yield* skip(chunk.index, () => header.framesPerChunk);
    next = chunk.index + 1;
    frames += chunk.frames;
    const codes = decodePayload(chunk, { codebooks, codebookSize }, framing.segmented, entropy);
    yield* trim.take(await decoder.push(codes));
  }
  const { end } = container;
  report.complete = end !== undefined;
  report.damages = container.damages;
  if (end) {
    const framesOf = (index: number) => framing.chunkFrames(model, index, end.lengthSamples);
    yield* skip(end.chunks, framesOf);
    // What a longer signal would still have, and what all chunks that were there should have had.
    let expected = framesOf(next);
    for (let i = 0; i < next; i++) expected += framesOf(i);
    if (report.missingChunks.length === 0 && expected !== frames) {
      throw new CodecError('bad-container', {
        what: 'the end record does not fit the chunks',
        found: `${frames} latent frames in ${next} chunks`,
        expected: `${expected} for ${end.lengthSamples} samples`,
      });
    }
  }
  yield* trim.take(await decoder.end());
  yield* trim.end(end?.lengthSamples ?? trim.total);
}

/** Keeps back the last frame's worth of samples until it is known where the signal ends. */
class Trimmer {
  /** Samples per channel taken in. */
  total = 0;
  private held: Float32Array[];
  private given = 0;
  private readonly hold: number;

  constructor(channels: number, hold: number) {
    this.held = Array.from({ length: channels }, () => new Float32Array(0));
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
