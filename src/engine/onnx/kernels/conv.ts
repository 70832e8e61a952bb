import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Recorder } from '../recorder.ts';
import { TO_NCHW, TO_NHWC, transpose } from './layout.ts';
import { kernel } from './register.ts';

export type ConvInfo = ReturnType<typeof backend_util.computeConv2DInfo>;

export interface ConvAttributes {
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number;
  readonly dilations?: [number, number] | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

export function convInfo(
  imageShape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dilations = 1, dimRoundingMode }: ConvAttributes,
  depthwise = false,
): ConvInfo {
  return backend_util.computeConv2DInfo(
    imageShape as [number, number, number, number],
    filterShape as [number, number, number, number],
    strides,
    dilations,
    pad,
    dimRoundingMode,
    depthwise,
  );
}

export function windows(info: ConvInfo): Record<string, number[]> {
  const { top, left, bottom, right } = info.padInfo;
  return {
    kernel_shape: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    pads: [top, left, bottom, right],
  };
}

kernel('Conv2D', (g, { x, filter }, attributes) => {
  const info = convInfo(x!.shape, filter!.shape, attributes as ConvAttributes);
  const y = g.node(
    'Conv',
    [transpose(g, x!, TO_NCHW), transpose(g, filter!, [3, 2, 0, 1])],
    [info.batchSize, info.outChannels, info.outHeight, info.outWidth],
    windows(info),
  );
  return transpose(g, y, TO_NHWC);
});

/** Padding with which the flipped filter, convolved with dy, gives dx; undefined where that is no convolution. */
export function paddingBack(info: ConvInfo): number[] | undefined {
  if (info.strideHeight !== 1 || info.strideWidth !== 1) return undefined;
  if (info.dilationHeight !== 1 || info.dilationWidth !== 1) return undefined;
  const top = info.filterHeight - 1 - info.padInfo.top;
  const left = info.filterWidth - 1 - info.padInfo.left;
  const bottom = info.inHeight - info.outHeight - top + info.filterHeight - 1;
  const right = info.inWidth - info.outWidth - left + info.filterWidth - 1;
  const pads = [top, left, bottom, right];
  return pads.every((each) => each >= 0) ? pads : undefined;
}

/** What is left over when a strided convolution does not reach the last rows and columns. */
export function outputPadding(info: ConvInfo): number[] {
  const { top, left, bottom, right } = info.padInfo;
  const height = (info.outHeight - 1) * info.strideHeight + info.filterHeight - top - bottom;
  const width = (info.outWidth - 1) * info.strideWidth + info.filterWidth - left - right;
  return [info.inHeight - height, info.inWidth - width];
}

/** A filter turned by half a circle: its first two axes reversed. */
export function flipped(g: Recorder, filter: TensorInfo): TensorInfo {
  const [height, width] = filter.shape as [number, number];
  const ends = g.ints([-height - 1, -width - 1]);
  return g.node('Slice', [filter, g.ints([-1, -1]), ends, g.ints([0, 1]), g.ints([-1, -1])], filter.shape);
}

kernel('Conv2DBackpropInput', (g, { dy, filter }, { inputShape, ...attributes }) => {
  const info = convInfo(inputShape, filter!.shape, attributes as ConvAttributes);
  const shape = [info.batchSize, info.inChannels, info.inHeight, info.inWidth];
  const gradient = transpose(g, dy!, TO_NCHW);
  const pads = paddingBack(info);
  const dx = pads
    ? g.node('Conv', [gradient, transpose(g, flipped(g, filter!), [2, 3, 0, 1])], shape, {
        ...windows(info),
        pads,
      })
    : g.node('ConvTranspose', [gradient, transpose(g, filter!, [3, 2, 0, 1])], shape, {
        ...windows(info),
        output_padding: outputPadding(info),
      });
  return transpose(g, dx, TO_NHWC);
});

/** x with its padding. */
export function padded(g: Recorder, x: TensorInfo, info: ConvInfo): TensorInfo {
  const { top, left, bottom, right } = info.padInfo;
  if (top + left + bottom + right === 0) return x;
  return g.node(
    'Pad',
    [x, g.ints([0, top, left, 0, 0, bottom, right, 0]), g.scalar(0)],
    [info.batchSize, info.inHeight + top + bottom, info.inWidth + left + right, info.inChannels],
    { mode: 'constant' },
  );
}

/** What tap (i, j) of the filter sees of the padded x at every place: [batch, outHeight, outWidth, inChannels]. */
export function seenByTap(g: Recorder, x: TensorInfo, info: ConvInfo, i: number, j: number): TensorInfo {
  const starts = [i * info.dilationHeight, j * info.dilationWidth];
  const ends = [
    starts[0]! + (info.outHeight - 1) * info.strideHeight + 1,
    starts[1]! + (info.outWidth - 1) * info.strideWidth + 1,
  ];
  return g.node(
    'Slice',
    [x, g.ints(starts), g.ints(ends), g.ints([1, 2]), g.ints([info.strideHeight, info.strideWidth])],
    [info.batchSize, info.outHeight, info.outWidth, info.inChannels],
  );
}
