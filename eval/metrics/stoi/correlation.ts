import { SEGMENT_FRAMES } from './third-octaves.ts';

/** Distortion beyond this counts no more: 15 dB below the signal. */
const CLIP = 1 + 10 ** (15 / 20);

/** STOI's mean over bands and segments: the degraded band, brought to the reference's level and clipped, correlated. */
export function scaledSegments(
  reference: readonly Float64Array[],
  degraded: readonly Float64Array[],
): number {
  const segments = reference[0]!.length - SEGMENT_FRAMES + 1;
  const x = new Float64Array(SEGMENT_FRAMES);
  const y = new Float64Array(SEGMENT_FRAMES);
  let sum = 0;
  for (const [band, clean] of reference.entries()) {
    const heard = degraded[band]!;
    for (let start = 0; start < segments; start++) {
      let [cleanPower, heardPower] = [0, 0];
      for (let i = start; i < start + SEGMENT_FRAMES; i++) {
        cleanPower += clean[i]! * clean[i]!;
        heardPower += heard[i]! * heard[i]!;
      }
      const scale = heardPower > 0 ? Math.sqrt(cleanPower / heardPower) : 0;
      for (let i = 0; i < SEGMENT_FRAMES; i++) {
        x[i] = clean[start + i]!;
        y[i] = Math.min(heard[start + i]! * scale, x[i]! * CLIP);
      }
      normalise(x, 0, SEGMENT_FRAMES, 1);
      normalise(y, 0, SEGMENT_FRAMES, 1);
      sum += dot(x, y);
    }
  }
  return sum / (segments * reference.length);
}

/** ESTOI's mean over segments: bands normalised over time, then frames over bands, multiplied and summed. */
export function normalisedSegments(
  reference: readonly Float64Array[],
  degraded: readonly Float64Array[],
): number {
  const segments = reference[0]!.length - SEGMENT_FRAMES + 1;
  let sum = 0;
  for (let start = 0; start < segments; start++) {
    sum += dot(normalisedSegment(reference, start), normalisedSegment(degraded, start));
  }
  return sum / (segments * SEGMENT_FRAMES);
}

function normalisedSegment(bands: readonly Float64Array[], start: number): Float64Array {
  const cells = new Float64Array(bands.length * SEGMENT_FRAMES);
  for (const [band, values] of bands.entries()) {
    cells.set(values.subarray(start, start + SEGMENT_FRAMES), band * SEGMENT_FRAMES);
    normalise(cells, band * SEGMENT_FRAMES, SEGMENT_FRAMES, 1);
  }
  for (let frame = 0; frame < SEGMENT_FRAMES; frame++) normalise(cells, frame, bands.length, SEGMENT_FRAMES);
  return cells;
}

/** Takes the mean out of `count` values, `step` apart, and brings them to norm 1; what is constant becomes zeros. */
function normalise(values: Float64Array, from: number, count: number, step: number): void {
  const end = from + count * step;
  let mean = 0;
  for (let i = from; i < end; i += step) mean += values[i]! / count;
  let power = 0;
  for (let i = from; i < end; i += step) {
    values[i]! -= mean;
    power += values[i]! * values[i]!;
  }
  const scale = power > 0 ? 1 / Math.sqrt(power) : 0;
  for (let i = from; i < end; i += step) values[i]! *= scale;
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}
