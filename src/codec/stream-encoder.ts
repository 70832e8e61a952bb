import { type Codes, sliceFrames } from '../core/codes.ts';
import { float32 } from '../core/tensor.ts';
import { type ChunkState, ChunkTimeline } from '../nn/timeline.ts';
import { assertPlanar, assertSamples, type CodesEncoder } from './framing.ts';
import type { Model } from './model.ts';

/** Chunk after chunk through one graph, layers' state carried. */
export class StreamEncoder implements CodesEncoder {
  lengthSamples = 0;
  private readonly model: Model;
  private readonly codebooks: number;
  private readonly chunk: Float32Array<ArrayBuffer>;
  private readonly capacity: number;
  private filled = 0;
  private offset = 0;
  private state: ChunkState = {};

  constructor(model: Model, codebooks: number) {
    this.model = model;
    this.codebooks = codebooks;
    this.capacity = model.parts.computeFrames * model.hopLength;
    this.chunk = new Float32Array(this.capacity * model.parts.channels);
  }

  async push(planar: readonly Float32Array[]): Promise<Codes[]> {
    assertPlanar(planar, this.model.parts.channels, this.lengthSamples);
    this.lengthSamples += planar[0]!.length;
    return this.take(planar);
  }

  private async take(planar: readonly Float32Array[]): Promise<Codes[]> {
    const { channels } = this.model.parts;
    const length = planar[0]!.length;
    const blocks: Codes[] = [];
    for (let at = 0; at < length; ) {
      // A full chunk waits for the next sample: only then is it known not to be the last.
      if (this.filled === this.capacity) blocks.push(await this.run(false));
      const count = Math.min(length - at, this.capacity - this.filled);
      for (const [c, samples] of planar.entries()) {
        for (let t = 0; t < count; t++) this.chunk[(this.filled + t) * channels + c] = samples[at + t]!;
      }
      this.filled += count;
      at += count;
    }
    return blocks;
  }

  async end(): Promise<Codes[]> {
    assertSamples(this.lengthSamples);
    const { delaySamples, channels } = this.model.parts;
    // What the decoder gives late must come out before its input ends.
    const silence = Array.from({ length: channels }, () => new Float32Array(delaySamples));
    return [...(await this.take(silence)), await this.run(true)];
  }

  private async run(last: boolean): Promise<Codes> {
    const { codebooks, capacity, filled: valid, offset } = this;
    const { computeFrames, channels, quantizer } = this.model.parts;
    const { graph, timeline } = await this.model.encoder(codebooks);
    this.chunk.fill(0, valid * channels);
    const x = float32([1, capacity, channels], this.chunk);
    const results = await graph.run(timeline.feed({ x }, this.state, { offset, valid, last }));
    this.state = ChunkTimeline.next(results);
    this.offset += valid;
    this.filled = 0;
    const indices = results.codes!.data as Int32Array;
    const codes = { indices, codebooks, frames: computeFrames, codebookSize: quantizer.codebookSize };
    return sliceFrames(codes, 0, Math.ceil(valid / this.model.hopLength));
  }
}
