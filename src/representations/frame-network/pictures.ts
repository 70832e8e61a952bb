import { float32, type HostTensor } from '../../core/tensor.ts';
import type { CompiledGraph, Engine } from '../../engine/engine.ts';
import type { FormatOf } from '../../fitting/representation.ts';
import { ConstantParams } from '../../nn/params.ts';
import { decodeFrame } from './decoder.ts';
import { placeOf } from './embeddings.ts';
import type { Geometry } from './geometry.ts';
import { embeddingOf, type Parts } from './payload.ts';
import { type FrameNetworkSizes, startOf } from './plan.ts';

/** Makes the pictures of a payload, any of them in any order. */
export class FrameSynthesis {
  private readonly graph: CompiledGraph;
  private readonly sizes: FrameNetworkSizes;
  private readonly geometry: Geometry;
  private readonly parts: Parts;

  private constructor(graph: CompiledGraph, sizes: FrameNetworkSizes, geometry: Geometry, parts: Parts) {
    this.graph = graph;
    this.sizes = sizes;
    this.geometry = geometry;
    this.parts = parts;
  }

  static async create(engine: Engine, sizes: FrameNetworkSizes, geometry: Geometry, parts: Parts) {
    const params = new ConstantParams(parts.network);
    const graph = await engine.compile((io) => {
      const start = startOf(sizes, geometry, io.input, params);
      io.output('y', decodeFrame(start, parts.width, sizes, geometry, params));
    });
    return new FrameSynthesis(graph, sizes, geometry, parts);
  }

  /** 8-bit R, G, B samples, rows from top to bottom. */
  async picture(index: number, { width, height, lengthPictures }: FormatOf['video']): Promise<Uint8Array> {
    const input = this.input(index, lengthPictures);
    const { data } = (await this.graph.run(() => input)).y!;
    const columns = this.geometry.padded[1];
    const picture = new Uint8Array(width * height * 3);
    for (let y = 0; y < height; y++) {
      const [from, to] = [y * columns * 3, y * width * 3];
      for (let x = 0; x < 3 * width; x++) picture[to + x] = Math.round(255 * data[from + x]!);
    }
    return picture;
  }

  async dispose(): Promise<void> {
    await this.graph.dispose();
  }

  private input(index: number, lengthPictures: number): HostTensor {
    const { embedding } = this.sizes;
    if (embedding.type === 'content') {
      const shape = [1, ...this.geometry.grid, embedding.channels];
      return float32(shape, embeddingOf(this.parts.embeddings!, index));
    }
    const place = placeOf(index, lengthPictures, embedding);
    return float32([1, place.length], place);
  }
}
