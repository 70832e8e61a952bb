import * as tf from '@tensorflow/tfjs-core';
import { goldenStride } from '../../core/stride.ts';
import { float32, type HostTensor } from '../../core/tensor.ts';
import type { FitProblem, StepGraph, StepInputs, StepLoss } from '../../fitting/problem.ts';
import type { Picture } from '../latent-image/picture.ts';
import { sineNetwork } from './network.ts';
import type { Parametrisation } from './parametrisation.ts';
import { pointsAt } from './points.ts';

/** A picture to be fitted as a function of coordinates: each run some of its pixels, spread over it. */
export class CoordinateProblem implements FitProblem {
  readonly parameters: ReadonlyMap<string, HostTensor>;
  readonly runsPerStep: number;
  private readonly picture: Picture;
  private readonly parametrisation: Parametrisation;
  private readonly batch: number;
  /** From one pixel of a run to the next: coprime to the number of pixels, so that a step meets each of them. */
  private readonly stride: number;

  constructor(
    picture: Picture,
    parametrisation: Parametrisation,
    parameters: ReadonlyMap<string, HostTensor>,
    batch: number,
  ) {
    this.picture = picture;
    this.parametrisation = parametrisation;
    this.parameters = parameters;
    this.batch = batch;
    const pixels = picture.width * picture.height;
    this.runsPerStep = Math.ceil(pixels / batch);
    this.stride = goldenStride(pixels);
  }

  rateOf(name: string): number {
    return this.parametrisation.rateOf(name);
  }

  loss(graph: StepGraph): StepLoss {
    const layers = this.parametrisation.layers((name, shape) =>
      this.parameters.has(name) ? graph.parameter(name) : graph.input(name, shape),
    );
    const samples = sineNetwork(graph.input('points', [this.batch, 2]) as tf.Tensor2D, layers);
    const target = graph.input('target', [this.batch, this.picture.channels]);
    const error = tf.mean(tf.square(tf.sub(samples, target))) as tf.Scalar;
    return { total: error, error, rate: tf.scalar(this.bitsPerPixel()) };
  }

  draw(run: number): StepInputs {
    const { width, height, channels, data } = this.picture;
    const count = width * height;
    const pixels = new Int32Array(this.batch);
    const target = float32([this.batch, channels]);
    for (let i = 0; i < this.batch; i++) {
      const pixel = (((run * this.batch + i) % count) * this.stride) % count;
      pixels[i] = pixel;
      for (let c = 0; c < channels; c++) target.data[i * channels + c] = data[pixel * channels + c]!;
    }
    const { constants } = this.parametrisation;
    return { inputs: { ...constants, points: pointsAt(pixels, width, height), target } };
  }

  /** A guess: how finely the values will be quantized is found at the end. */
  private bitsPerPixel(): number {
    let values = 0;
    for (const { data } of this.parameters.values()) values += data.length;
    return (values * BITS_PER_VALUE) / (this.picture.width * this.picture.height);
  }
}

export const BITS_PER_VALUE = 8;
