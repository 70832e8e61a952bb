import type { HostTensor } from '../core/tensor.ts';

/** Sums over the runs of a step. */
export interface Losses {
  total: number;
  error: number;
  rate: number;
}

/** Everything a fit needs to go on as if it had not stopped. */
export interface FitState {
  /** Steps that are done. */
  readonly step: number;
  /** Runs of the next step that are done. */
  readonly runs: number;
  /** Over those runs. */
  readonly sums: Losses;
  /** Of all rounded steps so far; none if absent. */
  readonly bestTotal?: number | undefined;
  /** State of the random numbers at the beginning of the next step. */
  readonly rng: readonly number[];
  /** See `TrainedState.tensors`. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** Where one fit is kept, so that another process can go on with it. */
export interface FitCheckpoint {
  /** What was last kept of this very fit; undefined if nothing was. */
  load(): FitState | undefined;
  /** Whether the fit should be kept now. It always is when it ends, whether at an abort or with its last step. */
  isDue(): boolean;
  save(state: FitState): Promise<void>;
}
