import { type Codes, concatFrames, sliceFrames } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import { joinBlocks } from '../core/signal.ts';
import { int32 } from '../core/tensor.ts';
import { type ChunkState, ChunkTimeline } from '../nn/timeline.ts';
import type { Model } from './model.ts';

/** Codes in, samples out, any number of frames at a time. */
export class CodesDecoder {
  private readonly model: Model;
  private readonly codebooks: number;
  private waiting: Codes;
  private offset = 0;
  private state: ChunkState = {};

  constructor(model: Model, codebooks: number) {
    this.model = model;
    this.codebooks = codebooks;
    this.waiting = this.empty();
  }

  /** Takes frames; gives the planar samples that are now certain. */
  async push(codes: Codes): Promise<Float32Array[]> {
    this.check(codes);
    const { computeFrames } = this.model.parts;
    let waiting = concatFrames([this.waiting, codes], codes);
    const blocks: Float32Array[][] = [];
    // A full chunk waits for the next frame: only then is it known not to be the last.
    while (waiting.frames > computeFrames) {
      blocks.push(await this.run(sliceFrames(waiting, 0, computeFrames), false));
      waiting = sliceFrames(waiting, computeFrames, waiting.frames);
    }
    this.waiting = waiting;
    return joinBlocks(blocks, this.model.parts.channels);
  }

  /** Ends the signal and gives the rest of it; what is pushed next begins another signal. */
  async end(): Promise<Float32Array[]> {
    const rest = this.waiting.frames > 0 ? [await this.run(this.waiting, true)] : [];
    this.waiting = this.empty();
    this.state = {};
    this.offset = 0;
    return joinBlocks(rest, this.model.parts.channels);
  }

  private empty(): Codes {
    const { codebookSize } = this.model.parts.quantizer;
    return { indices: new Int32Array(0), codebooks: this.codebooks, frames: 0, codebookSize };
  }

  private check(codes: Codes): void {
    const { codebookSize } = this.model.parts.quantizer;
    const bad = codes.indices.findIndex((index) => index < 0 || index >= codebookSize);
    if (
      codes.codebooks !== this.codebooks ||
      codes.indices.length !== codes.codebooks * codes.frames ||
      bad >= 0
    ) {
      throw new CodecError('bad-argument', {
        what: 'these codes do not fit the codec',
        found:
          bad >= 0
            ? `index ${codes.indices[bad]}`
            : `${codes.indices.length} indices, ${codes.codebooks} codebooks`,
        expected: `${this.codebooks} codebooks of indices below ${codebookSize}`,
      });
    }
  }

  private async run(codes: Codes, last: boolean): Promise<Float32Array[]> {
    const { computeFrames, channels } = this.model.parts;
    const { graph, timeline } = await this.model.decoder(this.codebooks);
    const padded = new Int32Array(this.codebooks * computeFrames);
    for (let q = 0; q < this.codebooks; q++) {
      padded.set(codes.indices.subarray(q * codes.frames, (q + 1) * codes.frames), q * computeFrames);
    }
    const place = { offset: this.offset, valid: codes.frames, last };
    const values = { codes: int32([this.codebooks, computeFrames], padded) };
    const results = await graph.run(timeline.feed(values, this.state, place));
    this.state = ChunkTimeline.next(results);
    this.offset += codes.frames;
    const y = results.y!.data as Float32Array;
    const length = codes.frames * this.model.hopLength;
    return Array.from({ length: channels }, (_, c) =>
      channels === 1 ? y.slice(0, length) : Float32Array.from({ length }, (_, t) => y[t * channels + c]!),
    );
  }
}
