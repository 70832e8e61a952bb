const SPLIT_SECOND_FRAMES = 20;
const SPLIT_SECOND_STEP = 10;
/** Norm over the frames of a split second, and over the split seconds. */
const SPLIT_SECOND_EXPONENT = 6;
const FILE_EXPONENT = 2;
const LONG_FRAMES = 1000;
const MAX_TIME_SLOPE = 0.5;
const TIME_SLOPE_FRAMES = 5500;

/**
 * One number for the frames `first` to `last`: a mean that stresses the worst of every 320 ms (P.862, 10.2.13). In files of
 * more than 16 s what was heard last weighs more.
 */
export function aggregate(disturbances: Float64Array, first: number, last: number): number {
  const frames = last - first + 1;
  const slope =
    frames > LONG_FRAMES ? Math.min(MAX_TIME_SLOPE, (frames - LONG_FRAMES) / TIME_SLOPE_FRAMES) : 0;
  let [sum, weights] = [0, 0];
  for (let start = first; start <= last; start += SPLIT_SECOND_STEP) {
    let worst = 0;
    for (let frame = start; frame < start + SPLIT_SECOND_FRAMES && frame <= last; frame++) {
      worst += disturbances[frame]! ** SPLIT_SECOND_EXPONENT;
    }
    // Divided by the full 20 frames also where the file ends before.
    const heard = (worst / SPLIT_SECOND_FRAMES) ** (1 / SPLIT_SECOND_EXPONENT);
    const weight = 1 - slope + (slope * (start - first)) / frames;
    sum += (weight * heard) ** FILE_EXPONENT;
    weights += weight ** FILE_EXPONENT;
  }
  return (sum / weights) ** (1 / FILE_EXPONENT);
}
