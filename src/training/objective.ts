import type { Scalar, Tensor3D } from '@tensorflow/tfjs-core';
import type { Rng } from '../core/rng.ts';
import type { Scope } from '../core/stages.ts';
import type { HostTensor } from '../core/tensor.ts';
import type { GraphIo } from '../engine/engine.ts';
import type { Weights } from '../nn/params.ts';
import type { TableSource } from './pack.ts';

/** Host tensors by name. */
export type Named = Readonly<Record<string, HostTensor>>;

/** Runs the forward pass with the weights as they are on another batch drawn at random, with these inputs of its own. */
export type Probe = (inputs: Named) => Promise<Named>;

/** A second network that is trained by turns with an objective, to find fault with what it makes. */
export interface Opponent {
  /** Outputs of the objective's forward pass that it is shown, as inputs of the same names. */
  readonly shown: readonly string[];
  /** Its weights as they start out. Their names are not among the objective's. */
  freshWeights(rng: Rng): Map<string, HostTensor>;
  /** Its own loss. The objective's forward pass may take its weights as inputs `param:N`. */
  forward(io: GraphIo, x: Tensor3D, scope: Scope): Scalar;
}

/**
 * What is trained: weights, a forward pass with its losses, and whatever is learned beside the gradients. How it is trained
 * (batches, optimiser, schedule, averages, checkpoints) is the trainer's.
 */
export interface Objective {
  /** A batch of sound as the forward pass takes it: [batch, samples, channels]. */
  readonly batchShape: readonly [number, number, number];
  readonly sampleRateHz: number;
  /** Names of the losses that the forward pass gives as outputs, in the order in which they are told. */
  readonly losses: readonly string[];
  /** Trained by turns with it, with an optimiser of its own. */
  readonly opponent?: Opponent | undefined;
  /** Weights that gradients change, as they start out. */
  freshWeights(rng: Rng): Map<string, HostTensor>;
  /**
   * Declares its own inputs (all but the batch and the weights) and its outputs, the losses among them.
   * @param x the batch
   * @param scope gives the weights
   * @returns the loss to minimise
   */
  forward(io: GraphIo, x: Tensor3D, scope: Scope): Scalar;
  /** What is learned beside the gradients, changed in place; checkpoints keep it under these names. */
  readonly learned: ReadonlyMap<string, HostTensor>;
  /** Takes that over from a trained model. Throws `bad-weights` when it is not in there. */
  adopt(model: Weights): void;
  /** The forward pass's own inputs at a step (from 1). */
  inputs(step: number, rng: Rng, probe: Probe): Promise<Named>;
  /** Learns from a step's outputs. Gives what there is to tell about it. */
  update(step: number, outputs: Named, rng: Rng): Readonly<Record<string, number>>;
  /** Conditions under which validation measures, each with the forward pass's own inputs. */
  conditions(): Readonly<Record<string, Named>>;
  /** What another program needs to know to give `inputs`, `update` and `conditions` itself (docs/training.md). */
  rules(): Readonly<Record<string, unknown>>;
  /** What inference needs, under the names it knows. */
  model(weights: Weights): Map<string, HostTensor>;
  /** The same as a file. */
  pack(weights: Weights, source: TableSource): Promise<Uint8Array>;
}
