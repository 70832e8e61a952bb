import type { Rng } from '../core/rng.ts';
import type { TrainingOptions } from '../recipe/schema.ts';
import { bandLimited, resampled } from './augment.ts';
import type { Clip } from './dataset.ts';

export type Augment = TrainingOptions['augment'];

/** Samples as 16-bit numbers, not yet scaled to 1. */
type Segment = Float32Array<ArrayBuffer>;

/**
 * A batch of random segments [batch, length], changed at random as `augment` says. What is not asked for draws no random
 * number.
 */
export function drawBatch(
  clips: readonly Clip[],
  [batch, length]: readonly [number, number, ...number[]],
  sampleRateHz: number,
  augment: Augment,
  rng: Rng,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(batch * length);
  const total = clips.reduce((sum, clip) => sum + clip.samples.length, 0);
  const draw = () => drawSegment(clips, total, length, augment, rng);
  for (let b = 0; b < batch; b++) {
    let segment = draw();
    if (happens(augment.mixShare, rng)) segment = mixed(segment, draw(), augment.mixDb * rng.uniform());
    if (happens(augment.bandShare, rng)) {
      const widest = sampleRateHz / 2 / augment.bandHz;
      segment = bandLimited(segment, (augment.bandHz * widest ** rng.uniform()) / sampleRateHz);
    }
    let peak = 1;
    for (const v of segment) peak = Math.max(peak, Math.abs(v));
    const gainDb = 2 * augment.gainDb * rng.uniform() - augment.gainDb;
    const gain = Math.min(10 ** (gainDb / 20), 32767 / peak) / 32768;
    for (let t = 0; t < length; t++) out[b * length + t] = segment[t]! * gain;
  }
  return out;
}

function happens(share: number, rng: Rng): boolean {
  return share > 0 && rng.uniform() < share;
}

/** A clip is chosen in proportion to its length, so that every second is as likely as any other. Short ones end in silence. */
function drawSegment(
  clips: readonly Clip[],
  total: number,
  length: number,
  { speedShare, speed }: Augment,
  rng: Rng,
): Segment {
  const { samples } = clipAt(clips, rng.uniform() * total);
  const factor = happens(speedShare, rng) ? speed ** (2 * rng.uniform() - 1) : 1;
  const needed = Math.ceil(length * factor);
  const start = rng.int(Math.max(1, samples.length - needed));
  const taken = new Float32Array(needed);
  taken.set(samples.subarray(start, start + needed));
  return factor === 1 ? taken : resampled(taken, factor, length);
}

function clipAt(clips: readonly Clip[], sample: number): Clip {
  let before = 0;
  for (const clip of clips) {
    before += clip.samples.length;
    if (sample < before) return clip;
  }
  return clips[clips.length - 1]!;
}

/** `other` added, `softerDb` below the power of `segment`; nothing where either is silent. */
function mixed(segment: Segment, other: Segment, softerDb: number): Segment {
  const [power, otherPower] = [energy(segment), energy(other)];
  if (power === 0 || otherPower === 0) return segment;
  const gain = Math.sqrt(power / otherPower) * 10 ** (-softerDb / 20);
  return segment.map((v, t) => v + gain * other[t]!);
}

function energy(x: Segment): number {
  let sum = 0;
  for (const v of x) sum += v * v;
  return sum;
}
