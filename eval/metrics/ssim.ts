import { CodecError, type ImageSignal } from '../../src/index.ts';
import { filterValid, gaussianWindow } from './gaussian-window.ts';
import { checkSameSize } from './image-pair.ts';

const WINDOW_SIDE = 11;
const WINDOW_SIGMA = 1.5;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;
/** Exponents of the five scales (Wang, Simoncelli, Bovik 2003, section 3.2). */
const SCALE_WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333] as const;
/** Smallest side whose fifth scale still holds the window. */
const MS_SSIM_MINIMUM_SIDE = (WINDOW_SIDE - 1) * 2 ** (SCALE_WEIGHTS.length - 1) + 1;

/**
 * Structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004, eq. 13) of 8-bit pictures, in [-1, 1]: 11 x 11 Gaussian window
 * of sigma 1.5 where it fits wholly, mean over the picture, then over channels.
 *
 * Throws `bad-image` for different sizes or a side below 11.
 */
export function ssim(reference: ImageSignal, degraded: ImageSignal): number {
  checkSize('SSIM', reference, degraded, WINDOW_SIDE);
  return meanOverChannels(reference, degraded, (x, y) => similarity(x, y).ssim);
}

/**
 * Multi-scale SSIM (Wang, Simoncelli, Bovik 2003, eq. 7) of 8-bit pictures, in [0, 1]: five scales, each half the one before
 * (mean of 2 x 2; an odd side gets one row or column of zeros in front). Negative terms count as 0.
 *
 * Throws `bad-image` for different sizes or a side below 161, which leaves no window at the fifth scale.
 */
export function msSsim(reference: ImageSignal, degraded: ImageSignal): number {
  checkSize('MS-SSIM', reference, degraded, MS_SSIM_MINIMUM_SIDE);
  return meanOverChannels(reference, degraded, (x, y) => {
    let product = 1;
    let [a, b] = [x, y];
    for (const [scale, weight] of SCALE_WEIGHTS.entries()) {
      const last = scale === SCALE_WEIGHTS.length - 1;
      const term = last ? similarity(a, b).ssim : similarity(a, b).contrastStructure;
      product *= Math.max(0, term) ** weight;
      if (!last) [a, b] = [halve(a), halve(b)];
    }
    return product;
  });
}

/** One channel as floats. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

const gaussian = gaussianWindow(WINDOW_SIDE, WINDOW_SIGMA);

/** Means over the picture of SSIM and of its contrast times structure term. */
function similarity(x: Plane, y: Plane): { ssim: number; contrastStructure: number } {
  const { width, height } = x;
  const size = width * height;
  const [squares, product] = [new Float32Array(size), new Float32Array(size)];
  for (let i = 0; i < size; i++) {
    const [a, b] = [x.data[i]!, y.data[i]!];
    squares[i] = a * a + b * b;
    product[i] = a * b;
  }
  const meanX = filterValid(x.data, width, height, gaussian);
  const meanY = filterValid(y.data, width, height, gaussian);
  // Only the sum of the two variances is needed, so their squares are filtered together.
  const meanSquares = filterValid(squares, width, height, gaussian);
  const meanProduct = filterValid(product, width, height, gaussian);
  let [ssimSum, contrastSum] = [0, 0];
  for (let i = 0; i < meanX.length; i++) {
    const [mx, my] = [meanX[i]!, meanY[i]!];
    const means = mx * mx + my * my;
    const contrast = (2 * (meanProduct[i]! - mx * my) + C2) / (meanSquares[i]! - means + C2);
    contrastSum += contrast;
    ssimSum += (contrast * (2 * mx * my + C1)) / (means + C1);
  }
  return { ssim: ssimSum / meanX.length, contrastStructure: contrastSum / meanX.length };
}

/** Half the size by means of 2 x 2. */
function halve({ width, height, data }: Plane): Plane {
  const [padX, padY] = [width % 2, height % 2];
  const [halfWidth, halfHeight] = [(width + padX) / 2, (height + padY) / 2];
  const half = new Float32Array(halfWidth * halfHeight);
  const at = (x: number, y: number) => (x < 0 || y < 0 ? 0 : data[y * width + x]!);
  for (let y = 0; y < halfHeight; y++) {
    const top = 2 * y - padY;
    for (let x = 0; x < halfWidth; x++) {
      const left = 2 * x - padX;
      half[y * halfWidth + x] =
        (at(left, top) + at(left + 1, top) + at(left, top + 1) + at(left + 1, top + 1)) / 4;
    }
  }
  return { width: halfWidth, height: halfHeight, data: half };
}

function meanOverChannels(
  reference: ImageSignal,
  degraded: ImageSignal,
  ofPlanes: (x: Plane, y: Plane) => number,
): number {
  let sum = 0;
  for (let c = 0; c < reference.channels; c++) sum += ofPlanes(plane(reference, c), plane(degraded, c));
  return sum / reference.channels;
}

function plane({ width, height, channels, data }: ImageSignal, channel: number): Plane {
  const own = new Float32Array(width * height);
  for (let i = 0, at = channel; i < own.length; i++, at += channels) own[i] = data[at]!;
  return { width, height, data: own };
}

function checkSize(name: string, reference: ImageSignal, degraded: ImageSignal, minimumSide: number): void {
  const what = `cannot compute ${name}`;
  checkSameSize(what, reference, degraded);
  const { width, height } = reference;
  if (Math.min(width, height) >= minimumSide) return;
  throw new CodecError('bad-image', {
    what,
    found: `${width} x ${height} pixels`,
    expected: `at least ${minimumSide} on each side`,
    remedy: minimumSide > WINDOW_SIDE ? 'Use ssim, which has one scale.' : 'Use psnr.',
  });
}
