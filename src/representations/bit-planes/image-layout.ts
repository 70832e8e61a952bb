import { logMagnitude, SampleLayout, triangle } from './layout.ts';

/** Rows above and columns beside a plane that neighbours may reach. */
const PADDING = 2;
const TAPS = 10;
const ACTIVITIES = 13;
const ERRORS = 6;

/** Green first: the others are predicted with its help. */
function orderOf(channels: number): number[] {
  const all = Array.from({ length: channels }, (_, c) => c);
  return channels < 3 ? all : [1, 0, ...all.slice(2)];
}

/** Sizes of what an image's networks see, for files. */
export const imageShape = (channels: number) => ({ kinds: channels, taps: TAPS, activities: ACTIVITIES });

/** The samples of a picture, row after row, at each pixel channel after channel. */
export class ImageLayout extends SampleLayout {
  private readonly width: number;
  private readonly height: number;

  constructor(width: number, height: number, channels: number, depth: number) {
    super({ ...imageShape(channels), errors: ERRORS }, depth, width * height * channels);
    this.width = width;
    this.height = height;
  }

  scan(each: (kind: number, index: number) => { readonly value: number; readonly error: number }): void {
    const { width, height, kinds, depth } = this;
    const stride = width + 2 * PADDING;
    const order = orderOf(kinds);
    // A row and those above that neighbours may reach.
    const rows = () => new Int32Array(stride * (PADDING + 1));
    const values = order.map(() => rows().fill(1 << (depth - 1), 0, stride * PADDING));
    const residuals = order.map(rows);
    const errors = order.map(rows);
    const start = PADDING * stride + PADDING;
    for (let y = 0; y < height; y++) {
      if (y > 0) for (const plane of [...values, ...residuals, ...errors]) plane.copyWithin(0, stride);
      for (const v of values) {
        // Beyond an edge lies what is above its pixel, or the row's last one.
        v.fill(v[start - stride]!, start - PADDING, start);
        v.fill(v[start - stride + width - 1]!, start - stride + width, start - stride + width + PADDING);
      }
      for (let x = 0; x < width; x++) {
        const at = start + x;
        for (const [kind, channel] of order.entries()) {
          this.look(values, residuals, errors, kind, at, stride, x, y);
          const { value, error } = each(kind, (y * width + x) * kinds + channel);
          values[kind]![at] = value;
          residuals[kind]![at] = value - this.base;
          errors[kind]![at] = error;
        }
      }
    }
  }

  private look(
    values: readonly Int32Array[],
    residuals: readonly Int32Array[],
    errors: readonly Int32Array[],
    kind: number,
    at: number,
    stride: number,
    x: number,
    y: number,
  ): void {
    const v = values[kind]!;
    const r = residuals[kind]!;
    const e = errors[kind]!;
    const w = v[at - 1]!;
    const n = v[at - stride]!;
    const nw = v[at - stride - 1]!;
    const ne = v[at - stride + 1]!;
    const ww = v[at - 2]!;
    const nn = v[at - 2 * stride]!;
    const nne = v[at - 2 * stride + 1]!;
    // The median of west, north and the plane through all three (Weinberger et al. 2000, LOCO-I).
    const flat = w + n - nw;
    const [low, high] = w < n ? [w, n] : [n, w];
    const base = nw >= high ? low : nw <= low ? high : flat;
    this.base = base;
    // Of the channels before this one, the last two: by how much they were other than their first guess.
    const before = kind > 0 ? residuals[kind - 1]! : undefined;
    const earlier = kind > 1 ? residuals[kind - 2]! : undefined;
    const { taps, activities, width, height } = this;
    taps[0] = w - base;
    taps[1] = n - base;
    taps[2] = nw - base;
    taps[3] = ne - base;
    taps[4] = ww - base;
    taps[5] = nn - base;
    taps[6] = nne - base;
    taps[7] = before ? before[at]! : 0;
    taps[8] = earlier ? earlier[at]! : 0;
    taps[9] = before ? before[at - 1]! : 0;
    activities[0] = logMagnitude(Math.abs(w - nw));
    activities[1] = logMagnitude(Math.abs(n - nw));
    activities[2] = logMagnitude(Math.abs(n - ne));
    activities[3] = logMagnitude(Math.abs(w - ww));
    activities[4] = logMagnitude(Math.abs(n - nn));
    activities[5] = logMagnitude(Math.abs(r[at - 1]!));
    activities[6] = logMagnitude(Math.abs(r[at - stride]!));
    activities[7] = logMagnitude(Math.abs(r[at - stride - 1]!) + Math.abs(r[at - stride + 1]!));
    activities[8] = before ? logMagnitude(Math.abs(before[at]!)) : 0;
    activities[9] = triangle(x, width, 1);
    activities[10] = triangle(y, height, 1);
    activities[11] = triangle(x, width, 3);
    activities[12] = triangle(y, height, 3);
    this.errors[0] = e[at - 1]!;
    this.errors[1] = e[at - stride]!;
    this.errors[2] = e[at - stride - 1]!;
    this.errors[3] = e[at - stride + 1]!;
    this.errors[4] = kind > 0 ? errors[kind - 1]![at]! : 0;
    this.errors[5] = kind > 1 ? errors[kind - 2]![at]! : 0;
  }
}
