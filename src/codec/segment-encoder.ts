import type { Codes } from '../core/codes.ts';
import { float32 } from '../core/tensor.ts';
import { assertPlanar, assertSamples, type CodesEncoder } from './framing.ts';
import type { Model } from './model.ts';
import type { SegmentLayout } from './segment-layout.ts';

/** Segment after segment, each through a graph of its length. */
export class SegmentEncoder implements CodesEncoder {
  lengthSamples = 0;
  private readonly model: Model;
  private readonly codebooks: number;
  private readonly layout: SegmentLayout;
  /** The samples of the segment under way, planar. */
  private readonly segment: Float32Array<ArrayBuffer>[];
  private filled = 0;

  constructor(model: Model, codebooks: number, layout: SegmentLayout) {
    this.model = model;
    this.codebooks = codebooks;
    this.layout = layout;
    this.segment = Array.from({ length: model.parts.channels }, () => new Float32Array(layout.lengthSamples));
  }

  async push(planar: readonly Float32Array[]): Promise<Codes[]> {
    assertPlanar(planar, this.segment.length, this.lengthSamples);
    const { lengthSamples: capacity } = this.layout;
    const length = planar[0]!.length;
    const blocks: Codes[] = [];
    for (let at = 0; at < length; ) {
      const count = Math.min(length - at, capacity - this.filled);
      for (const [c, samples] of planar.entries()) {
        this.segment[c]!.set(samples.subarray(at, at + count), this.filled);
      }
      this.filled += count;
      at += count;
      if (this.filled === capacity) blocks.push(await this.take());
    }
    this.lengthSamples += length;
    return blocks;
  }

  async end(): Promise<Codes[]> {
    assertSamples(this.lengthSamples);
    const blocks: Codes[] = [];
    // What a full segment left over begins another one, however little it is.
    while (this.filled > 0) blocks.push(await this.take());
    return blocks;
  }

  /** Codes the segment and keeps what the next one shares with it. */
  private async take(): Promise<Codes> {
    const { filled, segment, codebooks } = this;
    const { strideSamples } = this.layout;
    const { codebookSize } = this.model.parts.quantizer;
    const scale = this.layout.normalize ? loudness(segment, filled) : 1;
    const channels = segment.length;
    const x = new Float32Array(filled * channels);
    for (const [c, samples] of segment.entries()) {
      for (let t = 0; t < filled; t++) x[t * channels + c] = samples[t]! / scale;
    }
    const graph = await this.model.segments.encoder(codebooks, filled);
    const { codes } = await graph.run((name) =>
      name === 'x' ? float32([1, filled, channels], x) : undefined,
    );
    for (const samples of segment) samples.copyWithin(0, strideSamples, filled);
    this.filled = Math.max(0, filled - strideSamples);
    const indices = codes!.data as Int32Array;
    const frames = indices.length / codebooks;
    return { indices, codebooks, frames, codebookSize, segments: [{ frames, scale }] };
  }
}

/** Root mean square of the channels' mean, and a little: never 0. As float32, as files keep it. */
function loudness(channels: readonly Float32Array[], length: number): number {
  let sum = 0;
  for (let t = 0; t < length; t++) {
    let mono = 0;
    for (const samples of channels) mono += samples[t]!;
    sum += (mono / channels.length) ** 2;
  }
  return Math.fround(1e-8 + Math.sqrt(sum / length));
}
