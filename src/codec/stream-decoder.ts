import { type Codes, concatFrames, sliceFrames } from '../core/codes.ts';
import { joinBlocks } from '../core/signal.ts';
import { int32 } from '../core/tensor.ts';
import { type ChunkState, ChunkTimeline } from '../nn/timeline.ts';
import { assertCodesFit, type CodesDecoder, planarOf } from './framing.ts';
import type { Model } from './model.ts';

/** Chunk after chunk through one graph, layers' state carried: in all, frames * hop samples. */
export class StreamDecoder implements CodesDecoder {
  private readonly model: Model;
  private readonly codebooks: number;
  private waiting: Codes;
  private offset = 0;
  private state: ChunkState = {};
  /** Samples still to be left out at the start, as the decoder gives its signal late. */
  private late: number;

  constructor(model: Model, codebooks: number) {
    this.model = model;
    this.codebooks = codebooks;
    this.late = model.parts.delaySamples;
    this.waiting = this.empty();
  }

  async push(codes: Codes): Promise<Float32Array[]> {
    assertCodesFit(codes, this.codebooks, this.model.parts.quantizer.codebookSize);
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

  async end(): Promise<Float32Array[]> {
    const { delaySamples, channels } = this.model.parts;
    const rest = this.waiting.frames > 0 ? [await this.run(this.waiting, true)] : [];
    // What the decoder has not given by now is silence: after a whole signal, all of it lies behind the end.
    const due = delaySamples - this.late;
    rest.push(Array.from({ length: channels }, () => new Float32Array(due)));
    this.late = delaySamples;
    this.waiting = this.empty();
    this.state = {};
    this.offset = 0;
    return joinBlocks(rest, this.model.parts.channels);
  }

  async skip(frames: number): Promise<Float32Array[]> {
    const { channels } = this.model.parts;
    const silence = Array.from({ length: channels }, () => new Float32Array(frames * this.model.hopLength));
    return joinBlocks([await this.end(), silence], channels);
  }

  private empty(): Codes {
    const { codebookSize } = this.model.parts.quantizer;
    return { indices: new Int32Array(0), codebooks: this.codebooks, frames: 0, codebookSize };
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
    const total = codes.frames * this.model.hopLength;
    const from = Math.min(this.late, total);
    this.late -= from;
    return planarOf(y, channels, from, total);
  }
}
