import * as tf from '@tensorflow/tfjs-core';
import { Rng } from '../core/rng.ts';
import { float32, type HostTensor, int32, sizeOf } from '../core/tensor.ts';
import { lstm } from './ops/lstm.ts';

export type Fn = (...x: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
export interface Case {
  readonly fn: Fn;
  /** A shape means uniform floats in `range`; an array of integers is taken as it is. */
  readonly inputs: (number[] | Int32Array<ArrayBuffer>)[];
  readonly range?: [number, number];
  /** Kernels without a useful gradient. */
  readonly forwardOnly?: boolean;
}

const S = [2, 3, 4];
export const UNIT: [number, number] = [-1, 1];
const unary = (op: (x: tf.Tensor) => tf.Tensor, range?: [number, number], forwardOnly = false): Case => ({
  fn: (x) => op(x!),
  inputs: [S],
  ...(range && { range }),
  forwardOnly,
});
const binary = (
  op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  range?: [number, number],
  forwardOnly = false,
): Case => ({
  fn: (a, b) => op(a!, b!),
  inputs: [S, [3, 1]],
  ...(range && { range }),
  forwardOnly,
});
/** For ops whose tfjs gradient does not undo broadcasting. */
const binarySameShape = (op: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Case => ({
  fn: (a, b) => op(a!, b!),
  inputs: [S, S],
});
const float = (x: tf.Tensor) => tf.cast(x, 'float32');

/** At least one call of every kernel that the onnx engine has. */
export const cases: Record<string, Case> = {
  abs: unary(tf.abs),
  acos: unary(tf.acos, [-0.9, 0.9]),
  asin: unary(tf.asin, [-0.9, 0.9]),
  atan: unary(tf.atan),
  ceil: unary(tf.ceil, undefined, true),
  cos: unary(tf.cos),
  cosh: unary(tf.cosh),
  elu: unary(tf.elu, [-3, 3]),
  erf: unary(tf.erf),
  exp: unary(tf.exp),
  expm1: unary(tf.expm1),
  floor: unary(tf.floor, undefined, true),
  leakyRelu: unary((x) => tf.leakyRelu(x, 0.2)),
  log: unary(tf.log, [0.1, 3]),
  log1p: unary(tf.log1p, [0.1, 3]),
  neg: unary(tf.neg),
  reciprocal: unary(tf.reciprocal, [0.5, 2]),
  relu: unary(tf.relu),
  relu6: unary(tf.relu6, [-3, 9]),
  round: unary(tf.round, [-3, 3], true),
  rsqrt: unary(tf.rsqrt, [0.1, 3]),
  sigmoid: unary(tf.sigmoid),
  sign: unary(tf.sign, undefined, true),
  sin: unary(tf.sin),
  sinh: unary(tf.sinh),
  softplus: unary(tf.softplus),
  sqrt: unary(tf.sqrt, [0.1, 3]),
  square: unary(tf.square),
  step: unary((x) => tf.step(x, 0.5), undefined, true),
  tan: unary(tf.tan),
  tanh: unary(tf.tanh),
  clipByValue: unary((x) => tf.clipByValue(x, -0.5, 0.5)),
  add: binary(tf.add),
  sub: binary(tf.sub),
  mul: binary(tf.mul),
  div: binary(tf.div, [0.5, 2]),
  pow: binary(tf.pow, [0.5, 2]),
  maximum: binarySameShape(tf.maximum),
  minimum: binarySameShape(tf.minimum),
  squaredDifference: binarySameShape(tf.squaredDifference),
  floorDiv: binary((a, b) => tf.floorDiv(a, b), [0.5, 5], true),
  addN: { fn: (...x) => tf.addN(x), inputs: [S, S, S] },
  equal: binary((a, b) => float(tf.equal(tf.round(a), tf.round(b))), undefined, true),
  notEqual: binary((a, b) => float(tf.notEqual(tf.round(a), tf.round(b))), undefined, true),
  greater: binary((a, b) => float(tf.greater(a, b)), undefined, true),
  greaterEqual: binary((a, b) => float(tf.greaterEqual(a, b)), undefined, true),
  less: binary((a, b) => float(tf.less(a, b)), undefined, true),
  lessEqual: binary((a, b) => float(tf.lessEqual(a, b)), undefined, true),
  logical: binary(
    (a, b) =>
      float(tf.logicalOr(tf.logicalAnd(tf.greater(a, 0), tf.greater(b, 0)), tf.logicalNot(tf.greater(a, b)))),
    undefined,
    true,
  ),
  where: { fn: (a, b) => tf.where(tf.greater(a!, b!), a!, tf.mul(b!, 2)), inputs: [S, S], forwardOnly: true },
  reshape: unary((x) => tf.mul(tf.reshape(x, [4, -1]), 2)),
  expandDims: unary((x) => tf.expandDims(x, 1)),
  transpose: unary((x) => tf.transpose(x, [2, 0, 1])),
  broadcastTo: { fn: (x) => tf.broadcastTo(x!, [2, 3, 4]), inputs: [[3, 1]] },
  tile: unary((x) => tf.tile(x, [1, 2, 3])),
  reverse: unary((x) => tf.reverse(x, [0, 2])),
  slice: unary((x) => tf.slice(x, [0, 1, 2], [2, 2, -1])),
  sliceWhole: unary((x) => tf.slice(x, [0, 0, 0], [2, 3, 4])),
  stridedSlice: unary((x) => tf.stridedSlice(x, [0, 0, 0], [2, 3, 4], [1, 2, 3]), undefined, true),
  pad: unary((x) =>
    tf.pad(
      x,
      [
        [0, 0],
        [1, 2],
        [3, 0],
      ],
      0.5,
    ),
  ),
  mirrorPadReflect: unary(
    (x) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [2, 1],
          [0, 3],
        ],
        'reflect',
      ),
    undefined,
    true,
  ),
  mirrorPadSymmetric: unary(
    (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 0],
          [2, 1],
          [0, 3],
        ],
        'symmetric',
      ),
    undefined,
    true,
  ),
  concat: { fn: (a, b) => tf.concat([a!, b!, a!], 1), inputs: [S, S] },
  stack: { fn: (a, b) => tf.stack([a!, b!], 1), inputs: [S, S] },
  split: { fn: (x) => tf.split(x!, [1, 3], 2).map((t, i) => tf.mul(t, i + 1)), inputs: [S] },
  unstack: { fn: (x) => tf.unstack(x!, 1).map((t, i) => tf.mul(t, i + 1)), inputs: [S] },
  gather: {
    fn: (x, i) => tf.gather(x!, tf.cast(i!, 'int32'), 1),
    inputs: [S, Int32Array.of(2, 0, 0, 1)],
    forwardOnly: true,
  },
  gatherLearned: {
    fn: (x) => tf.gather(x!, tf.tensor1d([2, 0, 0, 1], 'int32'), 1),
    inputs: [S],
  },
  oneHot: {
    fn: (i) => float(tf.oneHot(i as tf.Tensor1D, 5)),
    inputs: [Int32Array.of(2, 0, 4)],
    forwardOnly: true,
  },
  fills: unary((x) => tf.add(tf.add(x, tf.fill([2, 3, 4], 2)), tf.add(tf.onesLike(x), tf.zerosLike(x)))),
  sum: unary((x) => tf.sum(x, [0, 2])),
  sumKeep: unary((x) => tf.sum(x, 1, true)),
  mean: unary((x) => tf.mean(x, -1)),
  max: unary((x) => tf.max(x, 1)),
  min: unary((x) => tf.min(x, 1)),
  prod: unary((x) => tf.prod(x, 1), undefined, true),
  argMax: unary((x) => float(tf.argMax(x, 1)), undefined, true),
  argMin: unary((x) => float(tf.argMin(x, -1)), undefined, true),
  topk: unary(
    (x) => {
      const { values, indices } = tf.topk(x, 2);
      return tf.concat([values, float(indices)], -1);
    },
    undefined,
    true,
  ),
  softmax: unary((x) => tf.softmax(x)),
  logSoftmax: unary((x) => tf.logSoftmax(x)),
  cumsum: unary((x) => tf.cumsum(x, 2)),
  cumsumWhole: {
    fn: (x) => float(tf.cumsum(tf.cast(x!, 'int32'), 0)),
    inputs: [Int32Array.of(3, -1, 4)],
    forwardOnly: true,
  },
  floorDivWhole: {
    // Beyond 2^24 a float would not tell these from their neighbours.
    fn: (x) => tf.floorDiv(tf.cast(x!, 'int32'), tf.tensor1d([2, 2, 3, 3, 3], 'int32')),
    inputs: [Int32Array.of(33554435, 33554437, -7, 7, 6)],
    forwardOnly: true,
  },
  matMul: {
    fn: (a, b) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D),
    inputs: [
      [3, 4],
      [4, 5],
    ],
  },
  matMulTransposed: {
    fn: (a, b) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, true, true),
    inputs: [
      [4, 3],
      [5, 4],
    ],
  },
  matMulManySummed: {
    fn: (a, b) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, true),
    inputs: [
      [40, 3],
      [40, 2],
    ],
  },
  matMulManySummedTransposed: {
    fn: (a, b) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, true, true),
    inputs: [
      [40, 3],
      [5, 40],
    ],
  },
  matMulBatchOfOne: {
    fn: (a, b) => tf.matMul(a as tf.Tensor3D, b as tf.Tensor3D, true, false),
    inputs: [
      [1, 40, 3],
      [1, 40, 2],
    ],
  },
  matMulBatch: {
    fn: (a, b) => tf.matMul(a as tf.Tensor3D, b as tf.Tensor3D, false, true),
    inputs: [
      [2, 3, 4],
      [2, 5, 4],
    ],
  },
  conv2d: {
    fn: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, [1, 2], 'same'),
    inputs: [
      [2, 4, 7, 3],
      [3, 2, 3, 5],
    ],
  },
  conv2dValid: {
    fn: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'valid'),
    inputs: [
      [1, 4, 7, 3],
      [3, 2, 3, 5],
    ],
  },
  conv2dToFewer: {
    // Gradient of the filter by shifts of the outputs' gradient, in batches and alone.
    fn: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'),
    inputs: [
      [2, 4, 7, 5],
      [3, 2, 5, 2],
    ],
  },
  conv2dToFewerValid: {
    fn: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'valid'),
    inputs: [
      [1, 4, 7, 5],
      [3, 2, 5, 2],
    ],
  },
  conv2dDilated: {
    fn: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'valid', 'NHWC', [1, 2]),
    inputs: [
      [1, 4, 9, 3],
      [3, 2, 3, 5],
    ],
    forwardOnly: true,
  },
  conv2dTranspose: {
    fn: (x, w) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [2, 4, 14, 3], [1, 2], 'same'),
    inputs: [
      [2, 4, 7, 5],
      [1, 4, 3, 5],
    ],
  },
  depthwiseConv2d: {
    fn: (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'),
    inputs: [
      [2, 4, 7, 3],
      [3, 3, 3, 2],
    ],
  },
  depthwiseConv2dStrided: {
    fn: (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, [2, 2], 'same'),
    inputs: [
      [2, 7, 7, 3],
      [3, 3, 3, 2],
    ],
  },
  conv2dFar: {
    // Padded further than the filter reaches back.
    fn: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 3),
    inputs: [
      [1, 4, 5, 3],
      [3, 3, 3, 2],
    ],
  },
  // Squares only where gradients are compared: those of tfjs-cpu come with height and width exchanged.
  resizeBilinear: {
    fn: (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [10, 10]),
    inputs: [[2, 4, 4, 3]],
  },
  resizeBilinearCorners: {
    fn: (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [7, 7], true),
    inputs: [[2, 4, 4, 3]],
  },
  resizeBilinearCentres: {
    fn: (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [8, 15], false, true),
    inputs: [[2, 4, 5, 3]],
    forwardOnly: true,
  },
  resizeNearest: {
    fn: (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [8, 12]),
    inputs: [[2, 4, 4, 3]],
    forwardOnly: true,
  },
  resizeNearestCorners: {
    fn: (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [8, 15], true),
    inputs: [[2, 4, 5, 3]],
    forwardOnly: true,
  },
  resizeNearestCentres: {
    fn: (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [7, 11], false, true),
    inputs: [[2, 4, 5, 3]],
    forwardOnly: true,
  },
  depthToSpace: {
    fn: (x) => tf.depthToSpace(x as tf.Tensor4D, 2),
    inputs: [[2, 3, 5, 12]],
    forwardOnly: true,
  },
  lstm: {
    fn: (x, weightInput, weightHidden, biasInput, biasHidden, h, c) =>
      lstm(x as tf.Tensor3D, { weightInput, weightHidden, biasInput, biasHidden } as never, { h, c } as never)
        .y,
    inputs: [[2, 5, 3], [16, 3], [16, 4], [16], [16], [2, 4], [2, 4]],
  },
  lstmStep: {
    fn: (x, weightInput, weightHidden, biasInput, biasHidden, h, c) => {
      const weights = { weightInput, weightHidden, biasInput, biasHidden } as never;
      const out = lstm(x as tf.Tensor3D, weights, { h, c } as never);
      return [out.y, out.h, out.c];
    },
    inputs: [[1, 1, 3], [16, 3], [16, 4], [16], [16], [1, 4], [1, 4]],
    forwardOnly: true,
  },
};

/** Inputs of a case, floats drawn with a seed. */
export function values(inputs: Case['inputs'], [low, high]: [number, number], seed: number): HostTensor[] {
  const rng = new Rng(seed);
  return inputs.map((input) =>
    input instanceof Int32Array
      ? int32([input.length], input)
      : float32(
          input,
          Float32Array.from({ length: sizeOf(input) }, () => low + (high - low) * rng.uniform()),
        ),
  );
}

/** A scalar that weighs every output element differently, so that a misplaced gradient shows. */
export function weighted(results: tf.Tensor | tf.Tensor[]): tf.Scalar {
  const sums = [results].flat().map((t) => {
    const weights = tf.tensor(
      Float32Array.from({ length: t.size }, (_, i) => Math.sin(i + 1)),
      t.shape,
    );
    return tf.sum(tf.mul(t, weights));
  });
  return tf.addN(sums) as tf.Scalar;
}
