import type * as tf from '@tensorflow/tfjs-core';
import { float32, type HostTensor } from '../../core/tensor.ts';
import type { CompiledGraph, Engine } from '../../engine/engine.ts';
import { type PaddedGrid, windowOf } from '../../fitting/latents/padded-grid.ts';
import type { Tiling } from './geometry.ts';
import type { Picture } from './picture.ts';
import { synthesise } from './synthesis.ts';

type Network = ReadonlyMap<string, HostTensor>;

/** A piece's pixels as planes, `target` [channels, height, width], and `mask` [1, height, width], 0 beyond the picture. */
export function pieceTarget(
  { width, height, channels, data }: Picture,
  tiling: Tiling,
  piece: number,
): { target: HostTensor; mask: HostTensor } {
  const [rows, columns] = tiling.size;
  const [top, left] = tiling.origin(piece);
  const target = float32([channels, rows, columns]);
  const mask = float32([1, rows, columns]);
  for (let y = 0; y < Math.min(rows, height - top); y++) {
    for (let x = 0; x < Math.min(columns, width - left); x++) {
      const at = y * columns + x;
      mask.data[at] = 1;
      for (let c = 0; c < channels; c++) {
        target.data[c * rows * columns + at] = data[((top + y) * width + left + x) * channels + c]!;
      }
    }
  }
  return { target, mask };
}

/** Pixels of tiles from latents and networks: what a decoder computes in floats. */
export class TileSynthesis {
  private readonly graph: CompiledGraph;
  private readonly tiling: Tiling;

  private constructor(graph: CompiledGraph, tiling: Tiling) {
    this.graph = graph;
    this.tiling = tiling;
  }

  /** For networks of these shapes. */
  static async create(engine: Engine, shapes: Network, tiling: Tiling): Promise<TileSynthesis> {
    const graph = await engine.compile((io) => {
      const windows = Array.from(
        { length: tiling.levels },
        (_, level) => io.input(`latent:${level}`, tiling.window(level)) as tf.Tensor2D,
      );
      io.output(
        'pixels',
        synthesise(windows, tiling, (name) => io.input(name, shapes.get(name)!.shape)),
      );
    });
    return new TileSynthesis(graph, tiling);
  }

  /** Planes [channels, height, width] of a tile, not clipped. */
  async pixels(network: Network, grids: readonly PaddedGrid[], tile: number): Promise<Float32Array> {
    const { pixels } = await this.graph.run((name) => {
      const level = /^latent:(\d+)$/.exec(name)?.[1];
      if (level === undefined) return network.get(name);
      const origin = this.tiling.windowOrigin(tile, Number(level));
      return windowOf(grids[Number(level)]!, origin, this.tiling.window(Number(level)));
    });
    return pixels!.data as Float32Array;
  }

  async dispose(): Promise<void> {
    await this.graph.dispose();
  }
}
