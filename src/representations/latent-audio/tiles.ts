import * as tf from '@tensorflow/tfjs-core';
import { octaves } from '../../core/octaves.ts';
import { Rng } from '../../core/rng.ts';
import { float32, type HostTensor } from '../../core/tensor.ts';
import type { CompiledGraph, Engine } from '../../engine/engine.ts';
import { windowOf } from '../../fitting/latents/padded-grid.ts';
import { mdctBasis } from '../../nn/mdct.ts';
import type { AudioGeometry } from './geometry.ts';
import type { Latents, Parsed } from './payload.ts';
import { distortion, gainsOf, insideOf, tradeInputs } from './problem.ts';
import { spread, unitsOf } from './synthesis.ts';
import type { Target } from './target.ts';

type Network = ReadonlyMap<string, HostTensor>;

/** Of the noise's signs: part of the format. */
const NOISE_SEED = 0x5eed;
/** Tiles by which the steps of the network's quantization are judged, at most. */
const JUDGED_TILES = 8;

/** The samples of a parsed payload, as the transform had them: planar, `rotated`. */
export async function synthesise(
  parsed: Parsed,
  geometry: AudioGeometry,
  engine: Engine,
): Promise<Float32Array[]> {
  const { channels, hop, frames, tileFrames, fineSize, lengthSamples } = geometry;
  const size: [number, number] = [tileFrames, fineSize[1]];
  const { network } = parsed;
  const graph = await engine.compile((io) => {
    const [fine, gains] = windowsIn(io, geometry);
    const step = io.input('step', []);
    const gain = spread(gains, geometry);
    const { values, noise } = unitsOf(fine, gain, step, geometry, (name) =>
      io.input(name, network.get(name)!.shape),
    );
    const units = tf.add(values, tf.mul(noise, io.input('signs', size)));
    const coefficients = tf.mul(units, tf.exp(tf.mul(gain, Math.LN2)));
    const scaled = tf.reshape(tf.mul(coefficients, io.input('scale', [])), [tileFrames * channels, hop]);
    // Not a constant of the graph: it may be large.
    io.output('blocks', tf.matMul(scaled, io.input('basis', [2 * hop, hop]), false, true));
  });
  const basis = float32([2 * hop, hop], mdctBasis(hop));
  const scale = float32([], Float32Array.of(octaves(parsed.level + parsed.step)));
  const padded = Array.from({ length: channels }, () => new Float32Array((frames + 1) * hop));
  const rng = new Rng(NOISE_SEED);
  const signs = float32(size);
  try {
    for (let tile = 0; tile < geometry.tiles; tile++) {
      for (let i = 0; i < signs.data.length; i++) signs.data[i] = rng.uint32() >>> 31 ? 1 : -1;
      const feeds: Record<string, HostTensor> = {
        ...windows(parsed, geometry, tile),
        ...tradeInputs({ step: parsed.step, lambda: 0 }),
        ...{ signs, scale, basis },
      };
      const { blocks } = await graph.run((name) => feeds[name] ?? network.get(name));
      for (let t = 0; t < Math.min(tileFrames, frames - tile * tileFrames); t++) {
        for (let c = 0; c < channels; c++) {
          const from = (t * channels + c) * 2 * hop;
          const to = (tile * tileFrames + t) * hop;
          for (let n = 0; n < 2 * hop; n++) padded[c]![to + n]! += blocks!.data[from + n]!;
        }
      }
    }
  } finally {
    await graph.dispose();
  }
  return padded.map((samples) => samples.slice(hop, hop + lengthSamples));
}

/** How wrong a sound is whose latents are rounded, with one network or another: that of some tiles, times as many as there are. */
export class Judge {
  private readonly graph: CompiledGraph;
  private readonly target: Target;

  private constructor(graph: CompiledGraph, target: Target) {
    this.graph = graph;
    this.target = target;
  }

  /** For networks of these shapes. */
  static async create(engine: Engine, shapes: Network, target: Target): Promise<Judge> {
    const { geometry } = target;
    const graph = await engine.compile((io) => {
      const fine = io.input('fine', geometry.fineWindow) as tf.Tensor2D;
      const gains = io.input('gains', geometry.gainWindow) as tf.Tensor2D;
      const get = (name: string) => io.input(name, shapes.get(name)!.shape);
      io.output('weighted', distortion(fine, gains, target, io, get).weighted);
    });
    return new Judge(graph, target);
  }

  async errorOf(network: Network, latents: Latents): Promise<number> {
    const { geometry } = this.target;
    const stride = Math.max(1, Math.ceil(geometry.tiles / JUDGED_TILES));
    let [sum, count] = [0, 0];
    for (let tile = 0; tile < geometry.tiles; tile += stride, count++) {
      const feeds: Record<string, HostTensor> = {
        ...this.target.tile(tile),
        ...windows(latents, geometry, tile),
        ...tradeInputs({ step: latents.step, lambda: 0 }),
      };
      const { weighted } = await this.graph.run((name) => feeds[name] ?? network.get(name));
      sum += weighted!.data[0]!;
    }
    return (sum * geometry.tiles) / count;
  }

  async dispose(): Promise<void> {
    await this.graph.dispose();
  }
}

function windowsIn(
  io: { input(name: string, shape: readonly number[]): tf.Tensor },
  geometry: AudioGeometry,
): [tf.Tensor2D, tf.Tensor2D] {
  const inside = io.input('inside:fine', [geometry.fineWindow[0], 1]);
  const fine = tf.mul(io.input('fine', geometry.fineWindow), inside) as tf.Tensor2D;
  return [fine, io.input('gains', geometry.gainWindow) as tf.Tensor2D];
}

function windows(
  { fine, gains }: Latents,
  geometry: AudioGeometry,
  tile: number,
): Record<string, HostTensor> {
  return {
    ...insideOf(geometry, tile),
    fine: windowOf(fine, [geometry.fineTop(tile), 0], geometry.fineWindow),
    ...gainsOf(gains, geometry, tile),
  };
}
