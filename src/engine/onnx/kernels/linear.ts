import { backend_util, broadcast_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Recorder } from '../recorder.ts';
import { kernel } from './register.ts';

kernel('BatchMatMul', (g, { a, b }, { transposeA, transposeB }) => {
  const rank = a!.shape.length;
  const rows = a!.shape[transposeA ? rank - 1 : rank - 2]!;
  const columns = b!.shape[transposeB ? b!.shape.length - 2 : b!.shape.length - 1]!;
  const batch = broadcast_util.assertAndGetBroadcastShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
  // tfjs gives every product three axes. One matrix at a time goes to Gemm, which takes transposes as flags.
  if (rank === 3 && batch[0] === 1) {
    const left = flat(g, a!);
    const right = flat(g, b!);
    const attributes = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
    const product = g.node('Gemm', [left, right], [rows, columns], attributes);
    return g.node('Reshape', [product, g.ints([1, rows, columns])], [1, rows, columns]);
  }
  const left = transposeA ? swapped(g, a!) : a!;
  const right = transposeB ? swapped(g, b!) : b!;
  return g.node('MatMul', [left, right], [...batch, rows, columns]);
});

function flat(g: Recorder, x: TensorInfo): TensorInfo {
  const shape = x.shape.slice(1);
  return g.node('Reshape', [x, g.ints(shape)], shape);
}

function swapped(g: Recorder, x: TensorInfo): TensorInfo {
  const rank = x.shape.length;
  const perm = x.shape.map((_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));
  return transpose(g, x, perm);
}

function transpose(g: Recorder, x: TensorInfo, perm: number[]): TensorInfo {
  return g.node(
    'Transpose',
    [x],
    perm.map((axis) => x.shape[axis]!),
    { perm },
  );
}

// tfjs convolves NHWC images with HWIO filters, ONNX NCHW with OIHW. The runtime cancels neighbouring transposes.
const TO_NCHW = [0, 3, 1, 2];
const TO_NHWC = [0, 2, 3, 1];

type ConvInfo = ReturnType<typeof backend_util.computeConv2DInfo>;

function windows(info: ConvInfo): Record<string, number[]> {
  const { top, left, bottom, right } = info.padInfo;
  return {
    kernel_shape: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    pads: [top, left, bottom, right],
  };
}

kernel('Conv2D', (g, { x, filter }, { strides, pad, dilations, dimRoundingMode }) => {
  const info = backend_util.computeConv2DInfo(
    x!.shape as never,
    filter!.shape as never,
    strides,
    dilations,
    pad,
    dimRoundingMode,
  );
  const y = g.node(
    'Conv',
    [transpose(g, x!, TO_NCHW), transpose(g, filter!, [3, 2, 0, 1])],
    [info.batchSize, info.outChannels, info.outHeight, info.outWidth],
    windows(info),
  );
  return transpose(g, y, TO_NHWC);
});

kernel('DepthwiseConv2dNative', (g, { x, filter }, { strides, pad, dilations, dimRoundingMode }) => {
  const info = backend_util.computeConv2DInfo(
    x!.shape as never,
    filter!.shape as never,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    true,
  );
  const [height, width, inChannels, multiplier] = filter!.shape as [number, number, number, number];
  const shape = [inChannels * multiplier, 1, height, width];
  const kernels = g.node('Reshape', [transpose(g, filter!, [2, 3, 0, 1]), g.ints(shape)], shape);
  const y = g.node(
    'Conv',
    [transpose(g, x!, TO_NCHW), kernels],
    [info.batchSize, info.outChannels, info.outHeight, info.outWidth],
    { ...windows(info), group: inChannels },
  );
  return transpose(g, y, TO_NHWC);
});

kernel('Conv2DBackpropInput', (g, { dy, filter }, { strides, pad, inputShape, dimRoundingMode }) => {
  const info = backend_util.computeConv2DInfo(
    inputShape,
    filter!.shape as never,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const { top, left, bottom, right } = info.padInfo;
  const height = (info.outHeight - 1) * info.strideHeight + info.filterHeight - top - bottom;
  const width = (info.outWidth - 1) * info.strideWidth + info.filterWidth - left - right;
  const dx = g.node(
    'ConvTranspose',
    [transpose(g, dy!, TO_NCHW), transpose(g, filter!, [3, 2, 0, 1])],
    [info.batchSize, info.inChannels, info.inHeight, info.inWidth],
    { ...windows(info), output_padding: [info.inHeight - height, info.inWidth - width] },
  );
  return transpose(g, dx, TO_NHWC);
});

// One matrix product per filter tap, over the input shifted by that tap.
kernel('Conv2DBackpropFilter', (g, { x, dy }, { strides, pad, filterShape, dimRoundingMode }) => {
  const info = backend_util.computeConv2DInfo(
    x!.shape as never,
    filterShape,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  const { top, left, bottom, right } = info.padInfo;
  const [taps, tapsWide, inChannels, outChannels] = filterShape as [number, number, number, number];
  const padded = g.node(
    'Pad',
    [x!, g.ints([0, top, left, 0, 0, bottom, right, 0]), g.scalar(0)],
    [info.batchSize, info.inHeight + top + bottom, info.inWidth + left + right, inChannels],
    { mode: 'constant' },
  );
  const positions = info.batchSize * info.outHeight * info.outWidth;
  const gradient = g.node('Reshape', [dy!, g.ints([positions, outChannels])], [positions, outChannels]);
  const products: TensorInfo[] = [];
  for (let i = 0; i < taps; i++) {
    for (let j = 0; j < tapsWide; j++) {
      const ends = [
        i + (info.outHeight - 1) * info.strideHeight + 1,
        j + (info.outWidth - 1) * info.strideWidth + 1,
      ];
      const seen = g.node(
        'Slice',
        [padded, g.ints([i, j]), g.ints(ends), g.ints([1, 2]), g.ints([info.strideHeight, info.strideWidth])],
        [info.batchSize, info.outHeight, info.outWidth, inChannels],
      );
      const rows = g.node('Reshape', [seen, g.ints([positions, inChannels])], [positions, inChannels]);
      products.push(g.node('Gemm', [rows, gradient], [inChannels, outChannels], { transA: 1 }));
    }
  }
  const all = g.node('Concat', products, [taps * tapsWide * inChannels, outChannels], { axis: 0 });
  return g.node('Reshape', [all, g.ints(filterShape)], filterShape);
});
