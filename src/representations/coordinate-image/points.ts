import type { Tensor2D } from '@tensorflow/tfjs-core';
import { float32, type HostTensor } from '../../core/tensor.ts';
import type { CompiledGraph, Engine } from '../../engine/engine.ts';
import { sineNetwork } from './network.ts';
import type { Parametrisation } from './parametrisation.ts';

type Network = ReadonlyMap<string, HostTensor>;

/** Coordinates [count, 2] of pixels, in [-1, 1] along the longer side. */
export function pointsAt(pixels: ArrayLike<number>, width: number, height: number): HostTensor {
  const points = float32([pixels.length, 2]);
  const half = Math.max(width, height) / 2;
  for (let i = 0; i < pixels.length; i++) {
    const pixel = pixels[i]!;
    points.data[2 * i] = ((pixel % width) + 0.5 - width / 2) / half;
    points.data[2 * i + 1] = (Math.floor(pixel / width) + 0.5 - height / 2) / half;
  }
  return points;
}

/** Samples of any pixels, so many at once. */
export class PointSampler {
  private readonly graph: CompiledGraph;
  private readonly constants: Readonly<Record<string, HostTensor>>;
  private readonly batch: number;

  private constructor(graph: CompiledGraph, constants: Readonly<Record<string, HostTensor>>, batch: number) {
    this.graph = graph;
    this.constants = constants;
    this.batch = batch;
  }

  static async create(
    engine: Engine,
    parametrisation: Parametrisation,
    batch: number,
  ): Promise<PointSampler> {
    const graph = await engine.compile((io) => {
      const layers = parametrisation.layers((name, shape) => io.input(name, shape));
      io.output('samples', sineNetwork(io.input('points', [batch, 2]) as Tensor2D, layers));
    });
    return new PointSampler(graph, parametrisation.constants, batch);
  }

  /** [pixels, channels], not clipped; as many pixels as a batch has, or fewer. */
  async samples(network: Network, pixels: Int32Array, width: number, height: number): Promise<Float32Array> {
    const points = float32([this.batch, 2]);
    points.data.set(pointsAt(pixels, width, height).data as Float32Array);
    const { samples } = await this.graph.run((name) =>
      name === 'points' ? points : (network.get(name) ?? this.constants[name]),
    );
    const { data, shape } = samples!;
    return (data as Float32Array).subarray(0, pixels.length * shape[1]!);
  }

  async dispose(): Promise<void> {
    await this.graph.dispose();
  }
}
