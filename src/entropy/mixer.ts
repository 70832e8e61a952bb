import { squash } from './logistic.ts';

/** Weights are in units of 2^-16. */
export const WEIGHT_UNIT = 1 << 16;
const MAX_WEIGHT = 7 * WEIGHT_UNIT;

/**
 * Logistic mixing (Mahoney 2005): predictions as log-odds, weighted, summed and turned back into one probability; after
 * each decision every weight moves along its input by the error. Integers only.
 */
export class Mixer {
  /** The predictions to mix, as log-odds in units of 1 / 256, at most MAX_LOGIT large. */
  readonly inputs: Int32Array;
  /** Step of the weights: 2^-rateShift of input times error. */
  private readonly rateShift: number;
  private readonly initial: Int32Array;
  private readonly weights: Int32Array;
  private at = 0;
  private probability = 32_768;

  /** `initial` [sets, inputs]: the weights to begin with; each prediction names the set it uses. */
  constructor(initial: Int32Array, inputs: number, rateShift: number) {
    this.inputs = new Int32Array(inputs);
    this.initial = Int32Array.from(initial);
    this.weights = Int32Array.from(initial);
    this.rateShift = rateShift;
  }

  reset(): void {
    this.weights.set(this.initial);
  }

  /** What has been learned so far is what `reset` goes back to from now on; for training. */
  keep(): void {
    this.initial.set(this.weights);
  }

  /** Weights as they are now. */
  current(): Int32Array {
    return this.weights.slice();
  }

  /** Probability of 2^16 that the next decision is 1. */
  predict(set: number): number {
    const { inputs, weights } = this;
    this.at = set * inputs.length;
    // At most 2^19 * 2^12: each product fits 32 bits, their sum a double.
    let sum = 0;
    for (let i = 0; i < inputs.length; i++) sum += weights[this.at + i]! * inputs[i]!;
    this.probability = squash(Math.floor(sum / WEIGHT_UNIT));
    return this.probability;
  }

  update(bit: number): void {
    const { inputs, weights, at, rateShift } = this;
    const error = (bit << 16) - this.probability;
    const half = 1 << (rateShift - 1);
    for (let i = 0; i < inputs.length; i++) {
      const moved = weights[at + i]! + ((Math.imul(inputs[i]!, error) + half) >> rateShift);
      weights[at + i] = moved > MAX_WEIGHT ? MAX_WEIGHT : moved < -MAX_WEIGHT ? -MAX_WEIGHT : moved;
    }
  }
}
