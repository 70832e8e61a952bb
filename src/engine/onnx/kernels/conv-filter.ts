import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Recorder } from '../recorder.ts';
import { type ConvAttributes, convInfo, flipped, paddingBack } from './conv.ts';
import { reshape, TO_NCHW, transpose } from './layout.ts';
import { kernel } from './register.ts';

// Everything is channels first, as the convolutions have it. A row of the filter is one matrix product, of one image with the
// other's shifts along the row laid side by side: a product per tap has so few columns that half its time goes into packing.
// What is shifted is copied, so it is the image of fewer channels, where strides allow to choose.
kernel('Conv2DBackpropFilter', (g, { x, dy }, { filterShape, ...attributes }) => {
  const info = convInfo(x!.shape, filterShape, attributes as ConvAttributes);
  const [taps, tapsWide, inChannels, outChannels] = filterShape as [number, number, number, number];
  const image = channelsFirst(g, x!);
  const gradient = channelsFirst(g, dy!);
  const back = outChannels < inChannels ? paddingBack(info) : undefined;
  if (back) {
    // Seen from x, the gradient lies the other way.
    const size: Shifts = {
      taps: [taps, tapsWide],
      size: [info.inHeight, info.inWidth],
      by: [1, 1],
      stride: [1, 1],
    };
    const perTap = shiftedProducts(g, image, paddedFirst(g, gradient, back), size);
    return flipped(g, transpose(g, perTap, [0, 2, 1, 3]));
  }
  const { top, left, bottom, right } = info.padInfo;
  const perTap = shiftedProducts(g, gradient, paddedFirst(g, image, [top, left, bottom, right]), {
    taps: [taps, tapsWide],
    size: [info.outHeight, info.outWidth],
    by: [info.dilationHeight, info.dilationWidth],
    stride: [info.strideHeight, info.strideWidth],
  });
  return transpose(g, perTap, [0, 2, 3, 1]);
});

/** [batch, height, width, channels] -> [channels, batch, height, width] */
function channelsFirst(g: Recorder, x: TensorInfo): TensorInfo {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  // The same transpose as that of convolutions, to be done once.
  if (batch === 1) return reshape(g, transpose(g, x, TO_NCHW), [channels, 1, height, width]);
  return transpose(g, x, [3, 0, 1, 2]);
}

function paddedFirst(g: Recorder, x: TensorInfo, [top, left, bottom, right]: readonly number[]): TensorInfo {
  if (top! + left! + bottom! + right! === 0) return x;
  const [channels, batch, height, width] = x.shape as [number, number, number, number];
  return g.node(
    'Pad',
    [x, g.ints([0, 0, top!, left!, 0, 0, bottom!, right!]), g.scalar(0)],
    [channels, batch, height + top! + bottom!, width + left! + right!],
    { mode: 'constant' },
  );
}

type Pair = readonly [number, number];

/** Rows and columns: of taps, of the image that each tap sees, from one tap to the next, from one place to the next. */
interface Shifts {
  readonly taps: Pair;
  readonly size: Pair;
  readonly by: Pair;
  readonly stride: Pair;
}

/**
 * Sums over all places of `still` [a, batch, ...size] times what each tap sees of `moved` [b, batch, ...]:
 * [taps, a, tapsWide, b].
 */
function shiftedProducts(g: Recorder, still: TensorInfo, moved: TensorInfo, shifts: Shifts): TensorInfo {
  const { taps, size } = shifts;
  const [a, batch] = still.shape as [number, number, number, number];
  const [b, , height] = moved.shape as [number, number, number];
  const places = batch * size[0] * size[1];
  const seen = Array.from({ length: taps[1] }, (_, j) =>
    strided(g, moved, 3, j * shifts.by[1], shifts.stride[1], size[1]),
  );
  const row =
    seen.length === 1 ? seen[0]! : g.node('Concat', seen, [taps[1] * b, batch, height, size[1]], { axis: 0 });
  const rows = reshape(g, still, [a, places]);
  const products = Array.from({ length: taps[0] }, (_, i) => {
    const at = strided(g, row, 2, i * shifts.by[0], shifts.stride[0], size[0]);
    const columns = reshape(g, at, [taps[1] * b, places]);
    return g.node('Gemm', [rows, columns], [a, taps[1] * b], { transB: 1 });
  });
  const all = g.node('Concat', products, [taps[0] * a, taps[1] * b], { axis: 0 });
  return reshape(g, all, [taps[0], a, taps[1], b]);
}

/** `count` of the values along an axis, `stride` apart. */
function strided(
  g: Recorder,
  x: TensorInfo,
  axis: number,
  from: number,
  stride: number,
  count: number,
): TensorInfo {
  const shape = x.shape.map((d, i) => (i === axis ? count : d));
  const to = from + (count - 1) * stride + 1;
  return g.node('Slice', [x, g.ints([from]), g.ints([to]), g.ints([axis]), g.ints([stride])], shape);
}
