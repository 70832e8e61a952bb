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
    const { parts, hopLength } = this.model;
    const blocks: Float32Array[][] = [];
    const held = Math.ceil(parts.delaySamples / hopLength);
    // What the decoder still owes comes out while the last frame goes on; after a whole signal that lies behind its end.
    if (this.waiting.frames > 0 && held > 0) blocks.push(await this.push(heldFrame(this.waiting, held)));
    if (this.waiting.frames > 0) blocks.push(await this.run(this.waiting, true));
    const rest = joinBlocks(blocks, parts.channels);
    const surplus = Math.min(rest[0]!.length, held * hopLength - parts.delaySamples);
    this.late = parts.delaySamples;
    this.waiting = this.empty();
    this.state = {};
    this.offset = 0;
    return surplus > 0 ? rest.map((samples) => samples.slice(0, samples.length - surplus)) : rest;
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

/** The last frame of `codes`, `count` times. */
function heldFrame(codes: Codes, count: number): Codes {
  const indices = new Int32Array(codes.codebooks * count);
  for (let q = 0; q < codes.codebooks; q++) {
    indices.fill(codes.indices[(q + 1) * codes.frames - 1]!, q * count, (q + 1) * count);
  }
  return { ...codes, indices, frames: count };
}
