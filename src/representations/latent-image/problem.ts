import * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../../core/rng.ts';
import { float32, type HostTensor, sizeOf } from '../../core/tensor.ts';
import { WindowedGrid } from '../../fitting/grid.ts';
import { LatentNoise, latentsIn } from '../../fitting/latents/relaxation.ts';
import type { FitProblem, Phase, StepGraph, StepInputs, StepLoss } from '../../fitting/problem.ts';
import { latentBits } from './context-graph.ts';
import { gridSizes, HALO, Tiling } from './geometry.ts';
import type { LatentImageOptions } from './options.ts';
import type { Picture } from './picture.ts';
import { fillCores, innerSize, join, type Stack, separate, stacksOf } from './stacks.ts';
import type { Start } from './start.ts';
import { synthesise } from './synthesis.ts';
import { pieceTarget } from './tiles.ts';

/**
 * How many times the context model's learning rate the others learn at. Latents' unit is the step of the rounding. A change of the
 * synthesis changes the whole picture: it goes as far in a step of many tiles as in a few runs of one, or it never settles.
 */
const LATENT_RATE = 24;
const SYNTHESIS_RATE_PER_STEP = 1.5;
const UPSAMPLING_SHARE = 0.2;
const LATENT_BETA1 = 0.5;
/** Pieces whose inputs are kept from step to step. */
const KEPT_PIECES = 128;

type Named = Record<string, HostTensor>;

/** A picture to be fitted: each run a tile, in two pieces. */
export class LatentImageProblem implements FitProblem {
  readonly parameters: ReadonlyMap<string, HostTensor>;
  readonly grids: ReadonlyMap<string, WindowedGrid>;
  readonly runsPerStep: number;
  readonly partsPerRun: number;
  readonly tiling: Tiling;
  private readonly stacks: readonly Stack[];
  private readonly picture: Picture;
  private readonly options: LatentImageOptions;
  private readonly lambda: number;
  private readonly pieces = new Map<number, Named>();
  private readonly noise: readonly LatentNoise[];
  private order: number[] = [];

  constructor(picture: Picture, options: LatentImageOptions, lambda: number, start: Start) {
    this.picture = picture;
    this.options = options;
    this.lambda = lambda;
    const size = [picture.height, picture.width] as const;
    this.tiling = new Tiling(options, size, true);
    this.runsPerStep = this.tiling.count;
    this.partsPerRun = this.tiling.piecesPerTile;
    this.parameters = start.network;
    const sizes = gridSizes(options, size);
    this.grids = new Map(
      start.grids.map((values, level) => [
        latentName(level),
        new WindowedGrid(Float32Array.from(values), sizes[level]!, this.tiling.window(level)),
      ]),
    );
    this.stacks = stacksOf(this.tiling);
    const noisy = Object.fromEntries(this.stacks.map(({ size: each }, i) => [i, each]));
    this.noise = Array.from({ length: this.partsPerRun }, () => new LatentNoise(noisy));
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
    const stacks = this.stacks;
    const planes = stacks.map((stack, i) => {
      const value = join(stack, (level) => graph.parameter(latentName(level)) as tf.Tensor2D);
      return latentsIn(graph, String(i), value, phase);
    });
    const inside = planes.map(
      (plane, i) => tf.mul(plane, graph.input(`inside:${i}`, plane.shape)) as tf.Tensor2D,
    );
    const counts = stacks.map(
      (stack, i) => graph.input(`count:${i}`, [1, sizeOf(innerSize(stack))]) as tf.Tensor2D,
    );
    const bits = latentBits(stacks, inside, counts, options, graph.parameter);
    const windows = separate(stacks, planes);
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

  draw(run: number, phase: Phase, progress: number, rng: Rng, part: number): StepInputs {
    const { tiling, options } = this;
    const turn = run % tiling.count;
    if (turn === 0 && part === 0) this.order = rng.shuffled(Array(tiling.count).keys());
    const piece = this.order[turn]! * tiling.piecesPerTile + part;
    const at: Record<string, [number, number]> = {};
    for (let level = 0; level < options.levels; level++) {
      at[latentName(level)] = tiling.windowOrigin(piece, level);
    }
    return {
      inputs: { ...this.pieceInputs(piece), ...this.noise[part]!.draw(phase, progress, rng) },
      at,
    };
  }

  /** What belongs to a piece: its pixels, and which pixels and latents are in the picture. */
  private pieceInputs(piece: number): Named {
    const known = this.pieces.get(piece);
    if (known) return known;
    const { tiling, picture } = this;
    const inputs: Named = { ...pieceTarget(picture, tiling, piece) };
    for (const [i, stack] of this.stacks.entries()) {
      const inside = float32([...stack.size]);
      for (const { level, top, size } of stack.windows) {
        const isInside = this.insideOf(piece, level);
        for (let y = 0; y < size[0]; y++) {
          for (let x = 0; x < size[1]; x++) inside.data[(top + y) * stack.size[1] + x] = isInside(y, x);
        }
      }
      inputs[`inside:${i}`] = inside;
      const cores = fillCores(stack, (level, y, x) => this.insideOf(piece, level)(y + HALO, x + HALO));
      inputs[`count:${i}`] = float32([1, cores.length], cores);
    }
    if (this.pieces.size < KEPT_PIECES) this.pieces.set(piece, inputs);
    return inputs;
  }

  /** Whether a place of a piece's window is in the picture, as one or zero. */
  private insideOf(piece: number, level: number): (y: number, x: number) => number {
    const { rows, columns } = this.grids.get(latentName(level))!;
    const [top, left] = this.tiling.windowOrigin(piece, level);
    return (y, x) => (top + y >= 0 && top + y < rows && left + x >= 0 && left + x < columns ? 1 : 0);
  }
}

export function latentName(level: number): string {
  return `latent:${level}`;
}
