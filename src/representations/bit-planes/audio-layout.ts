import { logMagnitude, SampleLayout, triangle } from './layout.ts';

const PAST = 24;
const TAPS = PAST + 2;
const ACTIVITIES = 8;
const ERRORS = 16;
/** Stretches, as powers of two, over which changes are averaged. */
const WINDOW_BITS = [2, 4, 7] as const;

/** Sizes of what the networks of sound see, for files. */
export const audioShape = (channels: number) => ({ kinds: channels, taps: TAPS, activities: ACTIVITIES });

/** The samples of sound, at each time channel after channel, 0 in the middle of the range. */
export class AudioLayout extends SampleLayout {
  private readonly length: number;

  constructor(length: number, channels: number, depth: number) {
    super({ ...audioShape(channels), errors: ERRORS }, depth, length * channels);
    this.length = length;
  }

  scan(each: (kind: number, index: number) => { readonly value: number; readonly error: number }): void {
    const { length, kinds, depth } = this;
    const line = () => new Int32Array(length + PAST + 2);
    const values = Array.from({ length: kinds }, () => line().fill(1 << (depth - 1)));
    const errors = Array.from({ length: kinds }, line);
    // Running means of how much a sample changes the line through the two before it, times 2^bits.
    const means = Array.from({ length: kinds }, () => new Int32Array(WINDOW_BITS.length));
    for (let t = 0; t < length; t++) {
      const at = t + PAST + 2;
      for (let kind = 0; kind < kinds; kind++) {
        const v = values[kind]!;
        this.look(values, errors, means[kind]!, kind, at, t);
        const { value, error } = each(kind, t * kinds + kind);
        v[at] = value;
        errors[kind]![at] = error;
        const change = Math.abs(value - 2 * v[at - 1]! + v[at - 2]!);
        const m = means[kind]!;
        for (let i = 0; i < m.length; i++) m[i]! += change - (m[i]! >> WINDOW_BITS[i]!);
      }
    }
  }

  private look(
    values: readonly Int32Array[],
    errors: readonly Int32Array[],
    means: Int32Array,
    kind: number,
    at: number,
    t: number,
  ): void {
    const { taps, activities } = this;
    const v = values[kind]!;
    this.base = v[at - 1]!;
    for (let i = 0; i < PAST; i++) taps[i] = v[at - 1 - i]! - v[at - 2 - i]!;
    const other = kind > 0 ? values[kind - 1]! : values.at(-1)!;
    // The channel before, at this time; for the first one, the last as it was.
    const now = kind > 0 ? at : at - 1;
    taps[PAST] = values.length > 1 ? other[now]! - other[now - 1]! : 0;
    taps[PAST + 1] = values.length > 1 ? other[now - 1]! - other[now - 2]! : 0;
    activities[0] = logMagnitude(Math.abs(v[at - 1]! - v[at - 2]!));
    activities[1] = logMagnitude(Math.abs(v[at - 1]! - 2 * v[at - 2]! + v[at - 3]!));
    for (let i = 0; i < means.length; i++)
      activities[2 + i] = logMagnitude(means[i]!) - (WINDOW_BITS[i]! << 8);
    activities[5] = logMagnitude(Math.abs(taps[PAST]!));
    activities[6] = triangle(t, this.length, 1);
    activities[7] = triangle(t, this.length, 3);
    const e = errors[kind]!;
    for (let i = 0; i < ERRORS; i++) this.errors[i] = e[at - 1 - i]!;
  }
}
