import type * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../core/rng.ts';
import type { HostTensor } from '../core/tensor.ts';
import type { GraphIo } from '../engine/engine.ts';
import type { WindowedGrid } from './grid.ts';

/**
 * How values that will be rounded are treated: first with noise in place of the rounding, which has a gradient; then
 * rounded, the gradient passing straight through (Kim et al., "C3", arXiv:2312.02753, section 3.1).
 */
export type Phase = 'noise' | 'rounded';

/** Names of what a problem's graph reads and is given: `parameter` gives a trained tensor, or the window of a grid. */
export interface StepGraph extends GraphIo {
  parameter(name: string): tf.Tensor;
}

export interface StepLoss {
  /** What is made small, e.g. error + lambda * rate. */
  readonly total: tf.Scalar;
  /** Mean squared error, samples in [0, 1]. */
  readonly error: tf.Scalar;
  /** Estimated bits per pixel, or per sample of sound. */
  readonly rate: tf.Scalar;
}

export interface StepInputs {
  readonly inputs: Readonly<Record<string, HostTensor>>;
  /** Row and column of each grid's window. */
  readonly at?: Readonly<Record<string, readonly [number, number]>>;
}

/** What is to be fitted. */
export interface FitProblem {
  /** Trained as a whole in every step. */
  readonly parameters: ReadonlyMap<string, HostTensor>;
  /** Too large for that: each step trains a window. */
  readonly grids?: ReadonlyMap<string, WindowedGrid>;
  /** Runs in which the whole signal is seen once; after each, trained values go a step. */
  readonly runsPerStep: number;
  /**
   * Parts of a run, one if absent: runs of the graph whose losses are added, computed side by side where there are threads. A grid's
   * windows of a run's parts make up a rectangle.
   */
  readonly partsPerRun?: number;
  /** How many times the learning rate a parameter or grid learns at in a phase; 1 if absent, 0 for not at all. */
  rateOf?(name: string, phase: Phase): number;
  /** Adam's beta1 of a parameter or grid; that of the settings if absent. */
  beta1Of?(name: string): number | undefined;
  /** Records the loss of a part of a run; called once for each phase. */
  loss(graph: StepGraph, phase: Phase): StepLoss;
  /**
   * Inputs of a part of run number `run`, asked for in the order of the parts; those of other parts of the run must stay as they are.
   * @param progress in [0, 1) of the phase
   */
  draw(run: number, phase: Phase, progress: number, rng: Rng, part: number): StepInputs;
}
