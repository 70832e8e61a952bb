import { BinaryDecoder, BinaryEncoder } from '../../entropy/binary-coder.ts';
import { Counters } from '../../entropy/counters.ts';
import { squash, stretch } from '../../entropy/logistic.ts';
import { Mixer, WEIGHT_UNIT } from '../../entropy/mixer.ts';
import { scaleStep, UNIT, upperHalfLogit } from './interval.ts';
import { logMagnitude } from './layout.ts';

const COUNTER_BITS = 18;
const MIX_INPUTS = 5;
const RATE_SHIFT = 17;
/** How wide an interval is next to the scale, and where the mean lies, choose the weights of the mix. */
const WIDTHS = 24;
const INITIAL = [0.45, 0.25, 0.25, 0.05, 0];
const BIAS = 64;

/** What is known of a sample before it. */
export interface Prediction {
  readonly kind: number;
  /** The network's mean and, corrected by recent errors, a second one; units of 2^-8. */
  readonly mean: number;
  readonly corrected: number;
  readonly logScale: number;
  /** Magnitudes of the errors of neighbours, summed, in units of 2^-8. */
  readonly unrest: number;
}

/** Gives a bit, or takes one, that has this probability of 2^16 to be 1. */
type CodeBit = (bit: number, probability1: number) => number;

/**
 * Codes samples bit plane by bit plane from the highest on. The distribution of a sample says with what probability it lies in
 * the upper half of what is left; adaptive counters and a mixer, all in integers, correct that to what bits turn out to be.
 */
export class PlaneModel {
  private readonly depth: number;
  private readonly near = new Counters(COUNTER_BITS);
  private readonly values = new Counters(COUNTER_BITS);
  private readonly mixer: Mixer;

  constructor(depth: number) {
    this.depth = depth;
    const weights = INITIAL.map((weight) => Math.round(weight * WEIGHT_UNIT));
    this.mixer = new Mixer(
      Int32Array.from(new Array(3 * WIDTHS).fill(weights).flat()),
      MIX_INPUTS,
      RATE_SHIFT,
    );
  }

  /** Codes `value`, or decodes one where `code` gives bits of its own. */
  code(value: number, { kind, mean, corrected, logScale, unrest }: Prediction, code: CodeBit): number {
    const { near, values, mixer } = this;
    const scale = scaleStep(logScale);
    // How restless neighbours are next to what was expected, in half octaves.
    const surprise = Math.max(-6, Math.min(6, (logMagnitude(unrest >> 8) - logScale) >> 7)) + 6;
    let low = 0;
    for (let plane = this.depth - 1; plane >= 0; plane--) {
      const half = 1 << plane;
      const direct = upperHalfLogit(low, half, mean, scale);
      const adapted = upperHalfLogit(low, half, corrected, scale);
      const side = corrected < low * UNIT ? 0 : corrected >= (low + 2 * half) * UNIT ? 2 : 1;
      const width = Math.max(0, Math.min(WIDTHS - 1, ((plane << 8) - logScale + 1024) >> 7));
      const bucket = (adapted + 2816) >> 7;
      const slot = near.slot((kind << 16) | (bucket << 8) | width, surprise * 4 + side);
      const fromNear = near.get(slot, squash(adapted));
      // The sample's high bits so far: pictures of few colours have few values.
      const prefix = (1 << (this.depth - plane)) | (low >> (plane + 1));
      const valueSlot = values.slot(kind, prefix);
      const fromValues = values.get(valueSlot, squash(adapted));
      mixer.inputs[0] = direct;
      mixer.inputs[1] = adapted;
      mixer.inputs[2] = stretch(fromNear);
      mixer.inputs[3] = stretch(fromValues);
      mixer.inputs[4] = BIAS;
      const bit = code((value >> plane) & 1, mixer.predict(side * WIDTHS + width));
      mixer.update(bit);
      near.update(slot, bit);
      values.update(valueSlot, bit);
      if (bit) low += half;
    }
    return low;
  }
}

/** Writes samples. */
export class PlaneEncoder {
  private readonly model: PlaneModel;
  private readonly encoder = new BinaryEncoder(1 << 16);
  private readonly write: CodeBit;

  constructor(depth: number) {
    this.model = new PlaneModel(depth);
    this.write = (bit, probability1) => {
      this.encoder.encodeBit(bit, probability1);
      return bit;
    };
  }

  encode(value: number, prediction: Prediction): void {
    this.model.code(value, prediction, this.write);
  }

  finish(): Uint8Array {
    return this.encoder.finish();
  }
}

/** Reads what a PlaneEncoder wrote. */
export class PlaneDecoder {
  private readonly model: PlaneModel;
  private readonly decoder: BinaryDecoder;
  private readonly read: CodeBit;

  constructor(depth: number, bytes: Uint8Array) {
    this.model = new PlaneModel(depth);
    this.decoder = new BinaryDecoder(bytes);
    this.read = (_, probability1) => this.decoder.decodeBit(probability1);
  }

  decode(prediction: Prediction): number {
    return this.model.code(0, prediction, this.read);
  }

  get hasUnusedBytes(): boolean {
    return this.decoder.hasUnusedBytes;
  }
}
