import * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../../core/rng.ts';
import { goldenStride } from '../../core/stride.ts';
import { float32, type HostTensor } from '../../core/tensor.ts';
import type { GraphIo } from '../../engine/engine.ts';
import { WindowedGrid } from '../../fitting/grid.ts';
import { type PaddedGrid, windowOf } from '../../fitting/latents/padded-grid.ts';
import { LatentNoise, latentsIn } from '../../fitting/latents/relaxation.ts';
import type { FitProblem, Phase, StepGraph, StepInputs, StepLoss } from '../../fitting/problem.ts';
import { fineBits, gainBits } from './bits.ts';
import { type AudioGeometry, FRAMES_PER_GAIN, ROWS_BEFORE } from './geometry.ts';
import type { LatentAudioOptions } from './options.ts';
import type { Start } from './start.ts';
import { spread, unitsOf } from './synthesis.ts';
import type { Target } from './target.ts';

/** How many times the synthesis' learning rate coefficients and context models learn at. */
export interface LearningRates {
  readonly fine: number;
  readonly contexts: number;
}

/** Context models are well known: what they learn of one sound must be worth its bits. */
const RATES: LearningRates = { fine: 8, contexts: 0.25 };
const LATENT_BETA1 = 0.5;

type Named = Record<string, HostTensor>;

/** Step of the rounding of a run's coefficients, in quarter octaves, and what a bit is worth. */
export interface Trade {
  readonly step: number;
  readonly lambda: number;
}

/**
 * A sound to be fitted: each run of the graph a tile of its frames. Gains stay as they are: were they to move, or shake under
 * noise, so would everything that is in their units.
 */
export class LatentAudioProblem implements FitProblem {
  readonly parameters: ReadonlyMap<string, HostTensor>;
  readonly grids: ReadonlyMap<string, WindowedGrid>;
  readonly runsPerStep: number;
  private readonly target: Target;
  private readonly gains: PaddedGrid;
  private readonly geometry: AudioGeometry;
  private readonly options: LatentAudioOptions;
  private readonly trades: readonly Trade[];
  private readonly noise: LatentNoise;
  private readonly rates: LearningRates;

  /** @param trades of the tiles by turns: one, but where networks are made that know several */
  constructor(
    target: Target,
    options: LatentAudioOptions,
    start: Start,
    trades: readonly Trade[],
    rates = RATES,
  ) {
    this.rates = rates;
    this.target = target;
    this.geometry = target.geometry;
    this.options = options;
    this.trades = trades;
    const { geometry } = target;
    this.runsPerStep = geometry.tiles;
    this.parameters = start.network;
    this.gains = start.gains;
    this.grids = new Map([
      ['fine', new WindowedGrid(Float32Array.from(start.fine), geometry.fineSize, geometry.fineWindow)],
    ]);
    this.noise = new LatentNoise({ fine: geometry.fineWindow });
  }

  beta1Of(name: string): number | undefined {
    return this.grids.has(name) ? LATENT_BETA1 : undefined;
  }

  rateOf(name: string, phase: Phase): number {
    if (!this.grids.has(name)) return name.includes('context') ? this.rates.contexts : 1;
    return phase === 'rounded' ? 0 : this.rates.fine;
  }

  loss(graph: StepGraph, phase: Phase): StepLoss {
    const { geometry, options, target } = this;
    const fine = latentsIn(graph, 'fine', graph.parameter('fine') as tf.Tensor2D, phase);
    const gains = graph.input('gains', geometry.gainWindow) as tf.Tensor2D;
    const step = graph.input('step', []);
    const { weighted, squares } = distortion(fine, gains, target, graph, graph.parameter);
    const rows = this.geometry.tileFrames / FRAMES_PER_GAIN;
    const inGains = graph.input('inside:gains', [geometry.gainWindow[0], 1]);
    const inFrames = graph.input('mask', [geometry.tileFrames, 1]);
    const fineMasked = tf.mul(fine, graph.input('inside:fine', [geometry.fineWindow[0], 1])) as tf.Tensor2D;
    const ofFine = fineBits(fineMasked, spread(gains, geometry), step, geometry, options, graph.parameter);
    const ofGains = gainBits(tf.mul(gains, inGains) as tf.Tensor2D, geometry, options, graph.parameter);
    const bits = tf.add(
      tf.sum(tf.mul(ofFine, inFrames)),
      tf.sum(tf.mul(ofGains, tf.slice(inGains, [ROWS_BEFORE, 0], [rows, 1]))),
    );
    const perSample = this.runsPerStep / (geometry.lengthSamples * geometry.channels);
    return {
      total: tf.add(weighted, tf.mul(bits, graph.input('lambda', []))) as tf.Scalar,
      error: tf.mul(squares, perSample) as tf.Scalar,
      rate: tf.mul(bits, perSample) as tf.Scalar,
    };
  }

  draw(run: number, phase: Phase, progress: number, rng: Rng): StepInputs {
    const { geometry, target } = this;
    // Neighbours one after another would not be independent.
    const tile = (run * goldenStride(geometry.tiles)) % geometry.tiles;
    const trade = this.trades[tile % this.trades.length]!;
    return {
      inputs: {
        ...target.tile(tile),
        ...gainsOf(this.gains, geometry, tile),
        ...insideOf(geometry, tile),
        ...this.noise.draw(phase, progress, rng),
        ...tradeInputs(trade),
      },
      at: { fine: [geometry.fineTop(tile), 0] },
    };
  }
}

export function tradeInputs({ step, lambda }: Trade): Named {
  return { step: float32([], Float32Array.of(step)), lambda: float32([], Float32Array.of(lambda)) };
}

/** A tile's window of gains. */
export function gainsOf(gains: PaddedGrid, geometry: AudioGeometry, tile: number): Named {
  return { gains: windowOf(gains, [geometry.gainTop(tile), 0], geometry.gainWindow) };
}

/** Which rows of a tile's windows lie in the sound. */
export function insideOf(geometry: AudioGeometry, tile: number): Named {
  const rows = (count: number, top: number, size: number) =>
    float32(
      [count, 1],
      Float32Array.from({ length: count }, (_, y) => (top + y >= 0 && top + y < size ? 1 : 0)),
    );
  const { fineWindow, gainWindow, fineSize, gainSize, tileFrames } = geometry;
  return {
    'inside:fine': rows(fineWindow[0], geometry.fineTop(tile), fineSize[0]),
    'inside:gains': rows(gainWindow[0], geometry.gainTop(tile), gainSize[0]),
    mask: rows(tileFrames, tile * tileFrames, fineSize[0]),
  };
}

/**
 * How wrong a tile sounds and is.
 * @param fine, gains windows of the tile
 * @returns `weighted`: squared errors of coefficients and of bands' loudness, in tolerances; `squares`: of the samples
 */
export function distortion(
  fine: tf.Tensor2D,
  gains: tf.Tensor2D,
  { geometry, loudness }: Target,
  io: Pick<GraphIo, 'input'>,
  get: (name: string) => tf.Tensor,
): { weighted: tf.Scalar; squares: tf.Scalar } {
  const size: [number, number] = [geometry.tileFrames, geometry.fineSize[1]];
  const step = io.input('step', []);
  const mask = io.input('mask', [size[0], 1]);
  const tolerance = io.input('tolerance', size);
  const wanted = io.input('wanted', size) as tf.Tensor2D;
  const inside = tf.mul(fine, io.input('inside:fine', [geometry.fineWindow[0], 1])) as tf.Tensor2D;
  const spreadGains = spread(gains, geometry);
  const { values, noise } = unitsOf(inside, spreadGains, step, geometry, get);
  const octaves = tf.add(tf.sub(spreadGains, tolerance), tf.mul(step, 0.25));
  const scale = tf.exp(tf.mul(octaves, Math.LN2));
  const got = tf.mul(values, scale) as tf.Tensor2D;
  const noisePower = tf.square(tf.mul(noise, scale)) as tf.Tensor2D;
  const errors = tf.square(tf.sub(got, wanted));
  const bands = tf.tensor2d(geometry.bandMatrix(), [geometry.gainSize[1], size[1]]);
  const amplitude = (powers: tf.Tensor2D) =>
    tf.sqrt(tf.add(tf.matMul(powers, bands, false, true), LEAST_POWER));
  const loud = tf.square(
    tf.sub(
      amplitude(tf.add(tf.square(got), noisePower) as tf.Tensor2D),
      amplitude(tf.square(wanted) as tf.Tensor2D),
    ),
  );
  const weighted = tf.add(
    tf.sum(tf.mul(tf.add(errors, noisePower), mask)),
    tf.mul(tf.sum(tf.mul(loud, mask)), loudness.energyWeight),
  );
  const back = tf.exp(tf.mul(tolerance, 2 * Math.LN2));
  const squares = tf.sum(tf.mul(tf.mul(errors, back), mask));
  return {
    weighted: weighted as tf.Scalar,
    squares: tf.mul(squares, io.input('power', [])) as tf.Scalar,
  };
}

/** Of a band, so that its root has a slope. */
const LEAST_POWER = 1e-4;
