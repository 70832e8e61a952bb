/** A curve through knots: between neighbours a cubic with given slopes at both. */
export interface PiecewiseCubic {
  readonly from: number;
  readonly to: number;
  at(x: number): number;
  /** Exact, for from <= low <= high <= to. */
  integral(low: number, high: number): number;
}

/**
 * Ways of choosing the slopes at knots of strictly rising x.
 * - `pchip`: monotone where the knots are (Fritsch, Carlson 1980, with the weighted harmonic mean of Fritsch, Butland 1984).
 * - `akima`: smoother, may overshoot a little (Akima 1970).
 */
export const interpolations = {
  pchip: (x: readonly number[], y: readonly number[]) => hermite(x, y, pchipSlopes(x, y)),
  akima: (x: readonly number[], y: readonly number[]) => hermite(x, y, akimaSlopes(x, y)),
} as const;

export type InterpolationName = keyof typeof interpolations;

function secants(x: readonly number[], y: readonly number[]): number[] {
  return x.slice(1).map((right, i) => (y[i + 1]! - y[i]!) / (right - x[i]!));
}

function pchipSlopes(x: readonly number[], y: readonly number[]): number[] {
  const d = secants(x, y);
  if (d.length === 1) return [d[0]!, d[0]!];
  const h = x.slice(1).map((right, i) => right - x[i]!);
  const inner = d.slice(1).map((right, i) => {
    const left = d[i]!;
    if (left * right <= 0) return 0;
    const [w1, w2] = [2 * h[i + 1]! + h[i]!, h[i + 1]! + 2 * h[i]!];
    return (w1 + w2) / (w1 / left + w2 / right);
  });
  const n = d.length;
  return [
    edgeSlope(h[0]!, h[1]!, d[0]!, d[1]!),
    ...inner,
    edgeSlope(h[n - 1]!, h[n - 2]!, d[n - 1]!, d[n - 2]!),
  ];
}

/** Three-point estimate at an end, kept from turning the curve back. */
function edgeSlope(h0: number, h1: number, d0: number, d1: number): number {
  const slope = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);
  if (slope * d0 <= 0) return 0;
  if (d0 * d1 <= 0 && Math.abs(slope) > 3 * Math.abs(d0)) return 3 * d0;
  return slope;
}

function akimaSlopes(x: readonly number[], y: readonly number[]): number[] {
  const d = secants(x, y);
  if (d.length === 1) return [d[0]!, d[0]!];
  // Two more secants on each side, as on a parabola through the last three knots.
  const before = 2 * d[0]! - d[1]!;
  const after = 2 * d.at(-1)! - d.at(-2)!;
  const m = [2 * before - d[0]!, before, ...d, after, 2 * after - d.at(-1)!];
  return x.map((_, i) => {
    const [m1, m2, m3, m4] = m.slice(i, i + 4) as [number, number, number, number];
    const [left, right] = [Math.abs(m4 - m3), Math.abs(m2 - m1)];
    return left + right < 1e-12 * (Math.abs(m2) + Math.abs(m3)) || left + right === 0
      ? (m2 + m3) / 2
      : (left * m2 + right * m3) / (left + right);
  });
}

function hermite(x: readonly number[], y: readonly number[], slopes: readonly number[]): PiecewiseCubic {
  const last = x.length - 2;
  const pieces = Array.from({ length: last + 1 }, (_, i) => {
    const h = x[i + 1]! - x[i]!;
    const secant = (y[i + 1]! - y[i]!) / h;
    const c2 = (3 * secant - 2 * slopes[i]! - slopes[i + 1]!) / h;
    const c3 = (slopes[i]! + slopes[i + 1]! - 2 * secant) / (h * h);
    return [y[i]!, slopes[i]!, c2, c3] as const;
  });
  const pieceAt = (at: number) => {
    let i = 0;
    while (i < last && at > x[i + 1]!) i++;
    return i;
  };
  const primitive = (i: number, t: number) => {
    const [c0, c1, c2, c3] = pieces[i]!;
    return t * (c0 + t * (c1 / 2 + t * (c2 / 3 + (t * c3) / 4)));
  };
  return {
    from: x[0]!,
    to: x.at(-1)!,
    at(value) {
      const i = pieceAt(value);
      const [c0, c1, c2, c3] = pieces[i]!;
      const t = value - x[i]!;
      return c0 + t * (c1 + t * (c2 + t * c3));
    },
    integral(low, high) {
      let sum = 0;
      for (let i = 0; i <= last; i++) {
        const [left, right] = [Math.max(low, x[i]!), Math.min(high, x[i + 1]!)];
        if (right > left) sum += primitive(i, right - x[i]!) - primitive(i, left - x[i]!);
      }
      return sum;
    },
  };
}
