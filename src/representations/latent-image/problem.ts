import * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../../core/rng.ts';
import { float32, type HostTensor, sizeOf } from '../../core/tensor.ts';
import { WindowedGrid } from '../../fitting/grid.ts';
import type { FitProblem, Phase, StepGraph, StepInputs, StepLoss } from '../../fitting/loop.ts';
import { NoiseTable, roundStraightThrough, softRound } from '../../nn/rounding.ts';
import { latentBits } from './context-graph.ts';
import { gridSizes, type LatentImageOptions, Tiling } from './geometry.ts';
import type { Picture } from './picture.ts';
import type { Start } from './start.ts';
import { synthesise } from './synthesis.ts';
import { tileTarget } from './tiles.ts';

/**
 * How many times the context model's learning rate the others learn at. Latents' unit is the step of the rounding. A change of the
 * synthesis changes the whole picture: it goes as far in a step of many tiles as in a few runs of one, or it never settles.
 */
const LATENT_RATE = 24;
const SYNTHESIS_RATE_PER_STEP = 1.5;
const UPSAMPLING_SHARE = 0.2;
const LATENT_BETA1 = 0.5;
/** Temperature of the soft rounding and strength of the noise, at the start and the end of the first phase (C3, section 3.1). */
const TEMPERATURE = [0.3, 0.1] as const;
const NOISE_STRENGTH = [2, 1] as const;
/** Tiles whose inputs are kept from step to step. */
const KEPT_TILES = 64;

type Named = Record<string, HostTensor>;

/** A picture to be fitted: each run of the graph a tile. */
export class LatentImageProblem implements FitProblem {
  readonly parameters: ReadonlyMap<string, HostTensor>;
  readonly grids: ReadonlyMap<string, WindowedGrid>;
  readonly runsPerStep: number;
  readonly tiling: Tiling;
  private readonly picture: Picture;
  private readonly options: LatentImageOptions;
  private readonly lambda: number;
  private readonly tiles = new Map<number, Named>();
  private readonly noise: Named = {};
  private readonly noiseTable = new NoiseTable();
  private order: number[] = [];

  constructor(picture: Picture, options: LatentImageOptions, lambda: number, start: Start) {
    this.picture = picture;
    this.options = options;
    this.lambda = lambda;
    const size = [picture.height, picture.width] as const;
    this.tiling = new Tiling(options, size);
    this.runsPerStep = this.tiling.count;
    this.parameters = start.network;
    const sizes = gridSizes(options, size);
    this.grids = new Map(
      start.grids.map((values, level) => [
        latentName(level),
        new WindowedGrid(Float32Array.from(values), sizes[level]!, this.tiling.window(level)),
      ]),
    );
    for (let level = 0; level < options.levels; level++) {
      this.noise[`noise:${level}`] = float32(this.tiling.window(level));
    }
  }

  /** Latents change course often: under noise, and as the networks change. */
  beta1Of(name: string): number | undefined {
    return this.grids.has(name) ? LATENT_BETA1 : undefined;
  }

  /**
   * Rounded latents stay as they are while the networks learn to do with them: the rate has no slope at the middle of its step,
   * where most latents are, so that nothing would hold them at zero.
   */
  rateOf(name: string, phase: Phase): number {
    if (name.startsWith('context.')) return 1;
    const synthesis = Math.min(1, SYNTHESIS_RATE_PER_STEP / this.tiling.count);
    if (name === 'upsampling') return UPSAMPLING_SHARE * synthesis;
    if (!this.grids.has(name)) return synthesis;
    return phase === 'rounded' ? 0 : LATENT_RATE;
  }

  loss(graph: StepGraph, phase: Phase): StepLoss {
    const { tiling, options, picture, lambda } = this;
    const { channels } = picture;
    const [height, width] = tiling.size;
    const temperature = graph.input('temperature', []);
    const windows = Array.from({ length: options.levels }, (_, level) => {
      const value = graph.parameter(latentName(level));
      if (phase === 'rounded') return roundStraightThrough(value) as tf.Tensor2D;
      const noisy = tf.add(
        softRound(value, temperature),
        graph.input(`noise:${level}`, tiling.window(level)),
      );
      return softRound(noisy, temperature) as tf.Tensor2D;
    });
    const inside = windows.map(
      (window, level) => tf.mul(window, graph.input(`inside:${level}`, window.shape)) as tf.Tensor2D,
    );
    const counts = windows.map(
      (_, level) => graph.input(`count:${level}`, [1, sizeOf(tiling.core(level))]) as tf.Tensor2D,
    );
    const bits = latentBits(inside, counts, tiling, options, graph.parameter);
    const pixels = synthesise(windows, tiling, graph.parameter);
    const target = graph.input('target', [channels, height, width]);
    const mask = graph.input('mask', [1, height, width]);
    const squares = tf.div(tf.sum(tf.mul(tf.square(tf.sub(pixels, target)), mask)), channels);
    // Means over the picture of what its tiles give in sum.
    const perPixel = this.runsPerStep / (picture.width * picture.height);
    return {
      // In squares of a pixel, not of the picture: Adam's gradients must not be near its epsilon.
      total: tf.add(squares, tf.mul(bits, lambda)) as tf.Scalar,
      error: tf.mul(squares, perPixel) as tf.Scalar,
      rate: tf.mul(bits, perPixel) as tf.Scalar,
    };
  }

  draw(run: number, phase: Phase, progress: number, rng: Rng): StepInputs {
    const { tiling, options } = this;
    const turn = run % tiling.count;
    if (turn === 0) this.order = shuffled(tiling.count, rng);
    const tile = this.order[turn]!;
    const between = ([from, to]: readonly [number, number]) => from + (to - from) * progress;
    if (phase === 'noise') {
      this.noiseTable.set(between(NOISE_STRENGTH));
      for (const { data } of Object.values(this.noise)) this.noiseTable.fill(data as Float32Array, rng);
    }
    const at: Record<string, [number, number]> = {};
    for (let level = 0; level < options.levels; level++) {
      at[latentName(level)] = tiling.windowOrigin(tile, level);
    }
    const temperature = float32([], Float32Array.of(between(TEMPERATURE)));
    return {
      inputs: { ...this.tileInputs(tile), ...this.noise, temperature },
      at,
    };
  }

  /** What belongs to a tile: its pixels, and which pixels and latents are in the picture. */
  private tileInputs(tile: number): Named {
    const known = this.tiles.get(tile);
    if (known) return known;
    const { tiling, picture } = this;
    const inputs: Named = { ...tileTarget(picture, tiling, tile) };
    for (let level = 0; level < this.options.levels; level++) {
      const grid = this.grids.get(latentName(level))!;
      const [top, left] = tiling.windowOrigin(tile, level);
      const isInside = (y: number, x: number) => y >= 0 && y < grid.rows && x >= 0 && x < grid.columns;
      const [height, width] = tiling.window(level);
      const inside = float32([height, width]);
      for (let i = 0; i < inside.data.length; i++) {
        inside.data[i] = isInside(top + Math.floor(i / width), left + (i % width)) ? 1 : 0;
      }
      inputs[`inside:${level}`] = inside;
      const [coreHeight, coreWidth] = tiling.core(level);
      const halo = (width - coreWidth) / 2;
      const count = float32([1, coreHeight * coreWidth]);
      for (let i = 0; i < count.data.length; i++) {
        const [y, x] = [halo + Math.floor(i / coreWidth), halo + (i % coreWidth)];
        count.data[i] = inside.data[y * width + x]!;
      }
      inputs[`count:${level}`] = count;
    }
    if (this.tiles.size < KEPT_TILES) this.tiles.set(tile, inputs);
    return inputs;
  }
}

export function latentName(level: number): string {
  return `latent:${level}`;
}

function shuffled(count: number, rng: Rng): number[] {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = rng.int(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
