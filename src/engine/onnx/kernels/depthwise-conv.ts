import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Recorder } from '../recorder.ts';
import {
  type ConvAttributes,
  convInfo,
  flipped,
  outputPadding,
  padded,
  paddingBack,
  seenByTap,
  windows,
} from './conv.ts';
import { reshape, TO_NCHW, TO_NHWC, transpose } from './layout.ts';
import { kernel } from './register.ts';

kernel('DepthwiseConv2dNative', (g, { x, filter }, attributes) => {
  const info = convInfo(x!.shape, filter!.shape, attributes as ConvAttributes, true);
  const [height, width, inChannels, multiplier] = filter!.shape as [number, number, number, number];
  const kernels = reshape(g, transpose(g, filter!, [2, 3, 0, 1]), [
    inChannels * multiplier,
    1,
    height,
    width,
  ]);
  const y = g.node(
    'Conv',
    [transpose(g, x!, TO_NCHW), kernels],
    [info.batchSize, info.outChannels, info.outHeight, info.outWidth],
    { ...windows(info), group: inChannels },
  );
  return transpose(g, y, TO_NHWC);
});

kernel('DepthwiseConv2dNativeBackpropInput', (g, { dy, filter }, { inputShape, ...attributes }) => {
  const info = convInfo(inputShape, filter!.shape, attributes as ConvAttributes, true);
  const [height, width, inChannels, multiplier] = filter!.shape as [number, number, number, number];
  const shape = [info.batchSize, info.inChannels, info.inHeight, info.inWidth];
  const gradient = transpose(g, dy!, TO_NCHW);
  const pads = paddingBack(info);
  const byChannel = (of: TensorInfo, kernelShape: number[]) =>
    reshape(g, transpose(g, of, [2, 3, 0, 1]), kernelShape);
  const dx = pads
    ? g.node(
        'Conv',
        [gradient, byChannel(flipped(g, filter!), [inChannels, multiplier, height, width])],
        shape,
        {
          ...windows(info),
          pads,
          group: inChannels,
        },
      )
    : g.node(
        'ConvTranspose',
        [gradient, byChannel(filter!, [inChannels * multiplier, 1, height, width])],
        shape,
        {
          ...windows(info),
          output_padding: outputPadding(info),
          group: inChannels,
        },
      );
  return transpose(g, dx, TO_NHWC);
});

// Per filter tap: the input shifted by that tap times the gradient, summed over all places.
kernel('DepthwiseConv2dNativeBackpropFilter', (g, { x, dy }, { filterShape, ...attributes }) => {
  const info = convInfo(x!.shape, filterShape, attributes as ConvAttributes, true);
  const [taps, tapsWide, inChannels, multiplier] = filterShape as [number, number, number, number];
  const image = padded(g, x!, info);
  const places = [info.batchSize, info.outHeight, info.outWidth];
  const gradient = reshape(g, dy!, [...places, inChannels, multiplier]);
  const sums: TensorInfo[] = [];
  for (let i = 0; i < taps; i++) {
    for (let j = 0; j < tapsWide; j++) {
      const seen = reshape(g, seenByTap(g, image, info, i, j), [...places, inChannels, 1]);
      const product = g.node('Mul', [seen, gradient], gradient.shape);
      sums.push(summedOverPlaces(g, product, [1, inChannels, multiplier]));
    }
  }
  const all = g.node('Concat', sums, [taps * tapsWide, inChannels, multiplier], { axis: 0 });
  return reshape(g, all, filterShape);
});

function summedOverPlaces(g: Recorder, x: TensorInfo, shape: number[]): TensorInfo {
  const sum = g.node('ReduceSum', [x, g.ints([0, 1, 2])], shape.slice(1), { keepdims: 0 });
  return reshape(g, sum, shape);
}
