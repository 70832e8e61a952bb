import { badPayload } from '../../entropy/entropy-coder.ts';
import { UNIT } from './interval.ts';
import type { SampleLayout } from './layout.ts';
import { IntegerNetwork, type Network } from './network.ts';
import { PlaneDecoder, PlaneEncoder, type Prediction } from './plane-coder.ts';

/** Weights of the correction are in units of 2^-16; a step goes 2^-STEP_BITS of the way. */
const WEIGHT_BITS = 16;
const STEP_BITS = 7;
const MAX_WEIGHT = 2 ** 18;

/**
 * What neighbours' errors say about the next one, learned as samples pass: normalised least mean squares (Widrow & Hoff 1960) in
 * integers. All products and sums are whole numbers below 2^53.
 */
class Correction {
  value = 0;
  private readonly weights: Float64Array;
  private readonly inputs: Int32Array;

  constructor(size: number) {
    this.weights = new Float64Array(size);
    this.inputs = new Int32Array(size);
  }

  look(errors: Int32Array): void {
    this.inputs.set(errors);
    let sum = 0;
    for (let i = 0; i < errors.length; i++) sum += this.weights[i]! * errors[i]!;
    this.value = Math.floor(sum / (1 << WEIGHT_BITS));
  }

  /** @param error of the network's mean */
  learn(error: number): void {
    const { inputs, weights } = this;
    const rest = error - this.value;
    let power = UNIT;
    for (let i = 0; i < inputs.length; i++) power += Math.floor((inputs[i]! * inputs[i]!) / UNIT);
    for (let i = 0; i < inputs.length; i++) {
      const product = Math.floor((rest * inputs[i]!) / UNIT);
      const moved = weights[i]! + Math.floor((product * (1 << (WEIGHT_BITS - STEP_BITS))) / power);
      weights[i] = moved > MAX_WEIGHT ? MAX_WEIGHT : moved < -MAX_WEIGHT ? -MAX_WEIGHT : moved;
    }
  }
}

/** Goes through a layout with its networks; `code` is given what is known of each sample and gives its value. */
function scan(
  layout: SampleLayout,
  network: Network,
  code: (prediction: Prediction, index: number) => number,
): void {
  const kinds = Array.from({ length: layout.kinds }, (_, kind) => ({
    network: new IntegerNetwork(network, kind),
    correction: new Correction(layout.errors.length),
  }));
  const highest = (1 << layout.depth) * UNIT - 1;
  layout.scan((kind, index) => {
    const { network: own, correction } = kinds[kind]!;
    own.look(layout.base, layout.taps, layout.activities);
    correction.look(layout.errors);
    const mean = Math.max(0, Math.min(highest, own.mean));
    const corrected = Math.max(0, Math.min(highest, mean + correction.value));
    let unrest = 0;
    for (let i = 0; i < 4; i++) unrest += Math.abs(layout.errors[i]!);
    const value = code({ kind, mean, corrected, logScale: own.logScale, unrest: unrest >> 2 }, index);
    const error = value * UNIT - mean;
    correction.learn(error);
    return { value, error };
  });
}

/** Samples, in the order of the signal, as bytes. */
export function encodeSamples(
  samples: ArrayLike<number>,
  layout: SampleLayout,
  network: Network,
): Uint8Array {
  const encoder = new PlaneEncoder(layout.depth);
  scan(layout, network, (prediction, index) => {
    const value = samples[index]!;
    encoder.encode(value, prediction);
    return value;
  });
  return encoder.finish();
}

/** Reads what `encodeSamples` wrote, for a layout of the same sizes. Throws `bad-container`. */
export function decodeSamples(
  bytes: Uint8Array,
  layout: SampleLayout,
  network: Network,
  into: Uint16Array,
): void {
  const decoder = new PlaneDecoder(layout.depth, bytes);
  scan(layout, network, (prediction, index) => {
    const value = decoder.decode(prediction);
    into[index] = value;
    return value;
  });
  if (decoder.hasUnusedBytes) throw badPayload(`${bytes.length} bytes`, 'fewer for these samples');
}
