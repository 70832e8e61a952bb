import { inverseRealFft, nextPowerOfTwo, realFft } from '../../dsp/fft.ts';
import type { Biquad, GainCurve } from './tables.ts';
import type { Timing } from './timing.ts';

/** A file between its paddings: pad, file, pad, tail. */
export class PaddedSignal {
  readonly timing: Timing;
  readonly samples: Float64Array;
  /** Samples of the file. */
  readonly fileSamples: number;

  constructor(timing: Timing, fileSamples: number, samples?: Float64Array) {
    this.timing = timing;
    this.fileSamples = fileSamples;
    this.samples = samples ?? new Float64Array(fileSamples + 2 * timing.padSamples + timing.tailSamples);
  }

  static of(timing: Timing, file: ArrayLike<number>): PaddedSignal {
    const padded = new PaddedSignal(timing, file.length);
    padded.samples.set(file, timing.padSamples);
    return padded;
  }

  copy(): PaddedSignal {
    return new PaddedSignal(this.timing, this.fileSamples, this.samples.slice());
  }

  /** Where the file begins and where it ends. */
  get fileStart(): number {
    return this.timing.padSamples;
  }
  get fileEnd(): number {
    return this.timing.padSamples + this.fileSamples;
  }

  /** 4 ms frames, both pads included, the tail not. */
  get frames(): number {
    return Math.floor((this.fileSamples + 2 * this.timing.padSamples) / this.timing.frameSamples);
  }

  /** The file and as much silence behind it as the tail is long: what the whole-file filters see. */
  get filtered(): Float64Array {
    return this.samples.subarray(this.fileStart, this.fileEnd + this.timing.tailSamples);
  }

  scale(gain: number): void {
    for (let i = 0; i < this.samples.length; i++) this.samples[i]! *= gain;
  }
}

/** Multiplies the spectrum of the whole file by a gain curve that is taken relative to its value at 1 kHz. */
export function applyGainCurve(signal: PaddedSignal, curve: GainCurve): void {
  const target = signal.filtered;
  const n = nextPowerOfTwo(target.length);
  const buffer = new Float64Array(n);
  buffer.set(target);
  const spectrum = realFft(buffer);
  const referenceDb = curve.find(([hz]) => hz === 1000)![1];
  let above = 1;
  for (let k = 0; k <= n / 2; k++) {
    const hz = (k * signal.timing.sampleRateHz) / n;
    while (above < curve.length - 1 && curve[above]![0] <= hz) above++;
    const [[lowHz, lowDb], [highHz, highDb]] = [curve[above - 1]!, curve[above]!];
    const db = lowDb + ((hz - lowHz) / (highHz - lowHz)) * (highDb - lowDb);
    const gain = 10 ** ((db - referenceDb) / 20);
    spectrum.re[k]! *= gain;
    spectrum.im[k]! *= gain;
  }
  target.set(inverseRealFft(spectrum).subarray(0, target.length));
}

/** Runs second-order sections over `samples` in place, from rest. */
export function applyBiquads(samples: Float64Array, sections: readonly Biquad[]): void {
  for (const [b0, b1, b2, a1, a2] of sections) {
    let [s1, s2] = [0, 0];
    for (let i = 0; i < samples.length; i++) {
      const x = samples[i]!;
      const y = b0 * x + s1;
      s1 = b1 * x - a1 * y + s2;
      s2 = b2 * x - a2 * y;
      samples[i] = y;
    }
  }
}

/** Ramps the signal up over `count` samples from `start` and down over as many before `end`: factors (i + offset) / count. */
export function fadeEnds(samples: Float64Array, start: number, end: number, count: number, offset: number) {
  for (let i = 0; i < count; i++) {
    const factor = (i + offset) / count;
    samples[start + i]! *= factor;
    samples[end - 1 - i]! *= factor;
  }
}

export function sumOfSquares(samples: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i]! * samples[i]!;
  return sum;
}
