import type { HostTensor } from '../core/tensor.ts';
import type { FitCheckpoint, FitState } from './checkpoint.ts';
import type { FitSettings } from './representation.ts';

/** How fits of tests go, by Adam alone. */
export const testSettings: FitSettings = {
  learningRate: 0.05,
  learningRateFloor: 0.02,
  warmupSteps: 1,
  roundedShare: 0.25,
  adamBeta1: 0.9,
  adamBeta2: 0.99,
  muonScale: 0,
  muonDecay: 0,
  gradientClip: 1e6,
};

/** Keeps a fit in memory. */
export class TestCheckpoint implements FitCheckpoint {
  kept: FitState | undefined;
  private runs = 0;
  private stopAfter = Number.POSITIVE_INFINITY;
  private stop = new AbortController();

  /** A signal that aborts the fit after so many runs, of all fits that this keeps. */
  abortAfter(runs: number): AbortSignal {
    this.stopAfter = runs;
    this.stop = new AbortController();
    return this.stop.signal;
  }

  load(): FitState | undefined {
    return this.kept;
  }

  isDue(): boolean {
    if (++this.runs === this.stopAfter) this.stop.abort();
    return false;
  }

  async save(state: FitState): Promise<void> {
    const tensors = [...state.tensors].map(
      ([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() } as HostTensor] as const,
    );
    this.kept = { ...state, tensors: new Map(tensors) };
  }
}
