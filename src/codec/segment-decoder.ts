import { type Codes, sliceFrames } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import { joinBlocks } from '../core/signal.ts';
import { int32 } from '../core/tensor.ts';
import { assertCodesFit, type CodesDecoder, planarOf } from './framing.ts';
import type { Model } from './model.ts';
import type { SegmentLayout } from './segment-layout.ts';

/**
 * Segment after segment, each faded in and out by a triangle and divided by the sum of the triangles
 * (EnCodec's linear overlap-add: the triangle is that of the first segment's length).
 */
export class SegmentDecoder implements CodesDecoder {
  private readonly model: Model;
  private readonly codebooks: number;
  private readonly layout: SegmentLayout;
  private triangle: Float32Array | undefined;
  /** Weighted samples, and their weights, from the start of the next segment on. */
  private sums: Float32Array[];
  private weights = new Float32Array(0);

  constructor(model: Model, codebooks: number, layout: SegmentLayout) {
    this.model = model;
    this.codebooks = codebooks;
    this.layout = layout;
    this.sums = this.silence(0);
  }

  async push(codes: Codes): Promise<Float32Array[]> {
    const { codebookSize } = this.model.parts.quantizer;
    assertCodesFit(codes, this.codebooks, codebookSize);
    this.assertSegments(codes);
    const blocks: Float32Array[][] = [];
    let at = 0;
    for (const { frames, scale } of codes.segments!) {
      const segment = await this.decode(sliceFrames(codes, at, at + frames), scale);
      blocks.push(this.overlapAdd(segment));
      at += frames;
    }
    return joinBlocks(blocks, this.sums.length);
  }

  async skip(frames: number): Promise<Float32Array[]> {
    return this.overlapAdd(this.silence(frames * this.model.hopLength));
  }

  async end(): Promise<Float32Array[]> {
    const rest = this.normalised(this.weights.length);
    this.sums = this.silence(0);
    this.weights = new Float32Array(0);
    this.triangle = undefined;
    return rest;
  }

  private silence(length: number): Float32Array[] {
    return Array.from({ length: this.model.parts.channels }, () => new Float32Array(length));
  }

  private assertSegments({ frames, segments }: Codes): void {
    const longest = Math.ceil(this.layout.lengthSamples / this.model.hopLength);
    const sum = segments?.reduce((total, segment) => total + segment.frames, 0);
    const fits = segments?.every((s) => s.frames > 0 && s.frames <= longest && Number.isFinite(s.scale));
    if (sum === frames && fits) return;
    throw new CodecError('bad-argument', {
      what: 'these codes do not fit the codec',
      found: segments ? `segments of ${segments.map((s) => s.frames).join(', ')} frames` : 'no segments',
      expected: `segments of 1 to ${longest} frames, ${frames} in all, with finite scales`,
      remedy: 'Keep the `segments` that toCodes gives with the codes.',
    });
  }

  private async decode(codes: Codes, scale: number): Promise<Float32Array[]> {
    const { codebooks, frames, indices } = codes;
    const { channels } = this.model.parts;
    const graph = await this.model.segments.decoder(codebooks, frames);
    const input = int32([codebooks, frames], Int32Array.from(indices));
    const { y } = await graph.run((name) => (name === 'codes' ? input : undefined));
    const samples = y!.data as Float32Array;
    const planar = planarOf(samples, channels, 0, samples.length / channels);
    for (const channel of planar) for (let t = 0; t < channel.length; t++) channel[t]! *= scale;
    return planar;
  }

  /** Adds a segment; gives the samples before the start of the next. */
  private overlapAdd(segment: readonly Float32Array[]): Float32Array[] {
    const length = segment[0]!.length;
    this.triangle ??= triangle(length);
    const total = Math.max(this.weights.length, length);
    this.weights = lengthened(this.weights, total);
    this.sums = this.sums.map((sum) => lengthened(sum, total));
    for (let t = 0; t < length; t++) {
      const weight = this.triangle[t]!;
      this.weights[t]! += weight;
      for (const [c, samples] of segment.entries()) this.sums[c]![t]! += weight * samples[t]!;
    }
    const ready = Math.min(this.layout.strideSamples, total);
    const given = this.normalised(ready);
    this.weights = this.weights.slice(ready);
    this.sums = this.sums.map((sum) => sum.slice(ready));
    return given;
  }

  private normalised(length: number): Float32Array[] {
    return this.sums.map((sum) => Float32Array.from({ length }, (_, t) => sum[t]! / this.weights[t]!));
  }
}

function triangle(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => 0.5 - Math.abs((i + 1) / (length + 1) - 0.5));
}

function lengthened(values: Float32Array, length: number): Float32Array<ArrayBuffer> {
  const longer = new Float32Array(length);
  longer.set(values);
  return longer;
}
