import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Recorder } from '../recorder.ts';
import { reshape, TO_NCHW, TO_NHWC, transpose } from './layout.ts';
import { kernel } from './register.ts';

interface ResizeAttributes {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
  readonly size: readonly [number, number];
}

function resize(
  g: Recorder,
  images: TensorInfo,
  { alignCorners, halfPixelCenters, size }: ResizeAttributes,
  how: Readonly<Record<string, string>>,
): TensorInfo {
  const [batch, , , channels] = images.shape as [number, number, number, number];
  const shape = [batch, channels, ...size];
  const y = g.node('Resize', [transpose(g, images, TO_NCHW), '', '', g.ints(shape)], shape, {
    coordinate_transformation_mode: alignCorners
      ? 'align_corners'
      : halfPixelCenters
        ? 'half_pixel'
        : 'asymmetric',
    ...how,
  });
  return transpose(g, y, TO_NHWC);
}

kernel('ResizeBilinear', (g, { images }, attributes) =>
  resize(g, images!, attributes as ResizeAttributes, { mode: 'linear' }),
);
// Which of two pixels equally near it takes: the lower one without centres, the upper one with them.
kernel('ResizeNearestNeighbor', (g, { images }, attributes) => {
  const { alignCorners, halfPixelCenters } = attributes as ResizeAttributes;
  const lower = !alignCorners && !halfPixelCenters;
  const nearest = { mode: 'nearest', nearest_mode: lower ? 'floor' : 'round_prefer_ceil' };
  return resize(g, images!, attributes as ResizeAttributes, nearest);
});

/** Weights [from, to] by which pixels `to` of a row are made of pixels `from`, in the coordinates of tfjs' gradient. */
function bilinearWeights(from: number, to: number, alignCorners: boolean): Float32Array {
  const scale = alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
  const weights = new Float32Array(from * to);
  for (let i = 0; i < to; i++) {
    const below = Math.floor(i * scale);
    const share = i * scale - below;
    weights[below * to + i]! += 1 - share;
    weights[Math.min(below + 1, from - 1) * to + i]! += share;
  }
  return weights;
}

// Each row and column of the gradient, spread back by the weights that made it: two matrix products.
kernel('ResizeBilinearGrad', (g, { images, dy }, { alignCorners }) => {
  const [batch, height, width, channels] = images!.shape as [number, number, number, number];
  const [, highHeight, highWidth] = dy!.shape as [number, number, number];
  const product = (x: TensorInfo, from: number, to: number, groups: number, columns: number) => {
    const weights = g.constant(bilinearWeights(from, to, alignCorners), [from, to], 'float32');
    return g.node('MatMul', [weights, reshape(g, x, [groups, to, columns])], [groups, from, columns]);
  };
  const low = product(dy!, height, highHeight, batch, highWidth * channels);
  return reshape(g, product(low, width, highWidth, batch * height, channels), images!.shape);
});

kernel('DepthToSpace', (g, { x }, { blockSize }) => {
  const [batch, height, width, channels] = x!.shape as [number, number, number, number];
  const shape = [batch, channels / blockSize ** 2, height * blockSize, width * blockSize];
  const y = g.node('DepthToSpace', [transpose(g, x!, TO_NCHW)], shape, { blocksize: blockSize, mode: 'DCR' });
  return transpose(g, y, TO_NHWC);
});
