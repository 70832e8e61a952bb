import { slice_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Recorder } from '../recorder.ts';
import { kernel, listOf } from './register.ts';

function reshape(g: Recorder, x: TensorInfo, shape: readonly number[]): TensorInfo {
  if (util.arraysEqual(x.shape, [...shape])) return g.alias(x);
  return g.node('Reshape', [x, g.ints(shape)], shape, {}, x.dtype);
}

kernel('Reshape', (g, { x }, { shape }) =>
  reshape(g, x!, util.inferFromImplicitShape(shape, util.sizeFromShape(x!.shape))),
);
kernel('ExpandDims', (g, { input }, { dim }) => {
  const shape = [...input!.shape];
  shape.splice(dim < 0 ? dim + shape.length + 1 : dim, 0, 1);
  return reshape(g, input!, shape);
});
kernel('Transpose', (g, { x }, { perm }) => {
  const shape = (perm as number[]).map((axis) => x!.shape[axis]!);
  return g.node('Transpose', [x!], shape, { perm }, x!.dtype);
});
kernel('Tile', (g, { x }, { reps }) => {
  const shape = x!.shape.map((d, i) => d * reps[i]);
  return g.node('Tile', [x!, g.ints(reps)], shape, {}, x!.dtype);
});
kernel('Reverse', (g, { x }, { dims }) => {
  const axes = util.parseAxisParam(dims, x!.shape);
  // A negative step runs from the last element to before the first one.
  const ends = axes.map((axis) => -x!.shape[axis]! - 1);
  const inputs = [x!, g.ints(axes.map(() => -1)), g.ints(ends), g.ints(axes), g.ints(axes.map(() => -1))];
  return g.node('Slice', inputs, x!.shape, {}, x!.dtype);
});

/** A strided box out of `x`; `shape` is that of the result. */
function box(
  g: Recorder,
  x: TensorInfo,
  begin: number[],
  shape: number[],
  strides = begin.map(() => 1),
): TensorInfo {
  // Axes taken whole need no mention.
  const axes = begin
    .map((_, i) => i)
    .filter((i) => begin[i] !== 0 || shape[i] !== x.shape[i] || strides[i] !== 1);
  if (axes.length === 0) return g.alias(x);
  const pick = (values: number[]) => g.ints(axes.map((i) => values[i]!));
  const ends = begin.map((b, i) => b + (shape[i]! - 1) * strides[i]! + 1);
  return g.node('Slice', [x, pick(begin), pick(ends), g.ints(axes), pick(strides)], shape, {}, x.dtype);
}

kernel('Slice', (g, { x }, { begin, size }) => {
  const [from, shape] = slice_util.parseSliceParams(x as never, begin, size);
  return box(g, x!, from as number[], shape as number[]);
});
kernel('StridedSlice', (g, { x }, a) => {
  const info = slice_util.sliceInfo(
    x!.shape,
    a.begin,
    a.end,
    a.strides,
    a.beginMask,
    a.endMask,
    a.ellipsisMask,
    a.newAxisMask,
    a.shrinkAxisMask,
  );
  const shape = slice_util.computeOutShape(info.begin, info.end, info.strides);
  return reshape(g, box(g, x!, info.begin, shape, info.strides), info.finalShape);
});

function pads(paddings: [number, number][]): number[] {
  return [...paddings.map((p) => p[0]), ...paddings.map((p) => p[1])];
}

kernel('PadV2', (g, { x }, { paddings, constantValue }) => {
  const shape = x!.shape.map((d, i) => d + paddings[i][0] + paddings[i][1]);
  const inputs = [x!, g.ints(pads(paddings)), g.scalar(constantValue ?? 0, x!.dtype)];
  return g.node('Pad', inputs, shape, { mode: 'constant' }, x!.dtype);
});
kernel('MirrorPad', (g, { x }, { paddings, mode }) => {
  const shape = x!.shape.map((d, i) => d + paddings[i][0] + paddings[i][1]);
  if (mode === 'reflect') return g.node('Pad', [x!, g.ints(pads(paddings))], shape, { mode }, x!.dtype);
  // Symmetric padding repeats the edge: that is reflect padding of an edge-padded signal, done by gathering per axis.
  let result = x!;
  for (const [axis, [before, after]] of (paddings as [number, number][]).entries()) {
    if (before + after === 0) continue;
    const n = x!.shape[axis]!;
    const index = Int32Array.from({ length: before + n + after }, (_, i) => {
      const at = i - before;
      return at < 0 ? -at - 1 : at >= n ? 2 * n - 1 - at : at;
    });
    const dims = result.shape.map((d, i) => (i === axis ? index.length : d));
    result = g.node('Gather', [result, g.constant(index, [index.length], 'int32')], dims, { axis }, x!.dtype);
  }
  return result;
});

kernel('Concat', (g, inputs, { axis }) => {
  const list = listOf(inputs);
  const at = util.parseAxisParam(axis, list[0]!.shape)[0]!;
  const shape = [...list[0]!.shape];
  shape[at] = list.reduce((sum, t) => sum + t.shape[at]!, 0);
  return g.node('Concat', list, shape, { axis: at }, list[0]!.dtype);
});
kernel('Pack', (g, inputs, { axis }) => {
  const list = listOf(inputs);
  const shape = [...list[0]!.shape];
  const at = axis < 0 ? axis + shape.length + 1 : axis;
  shape.splice(at, 0, 1);
  const rows = list.map((t) => reshape(g, t, shape));
  return g.node(
    'Concat',
    rows,
    shape.map((d, i) => (i === at ? list.length : d)),
    { axis: at },
    list[0]!.dtype,
  );
});
function split(g: Recorder, x: TensorInfo, axis: number, sizes: number[]): TensorInfo[] {
  const names = g.raw('Split', [x, g.ints(sizes)], { axis }, sizes.length);
  return names.map((name, i) =>
    g.tensor(
      name,
      x.shape.map((d, j) => (j === axis ? sizes[i]! : d)),
      x.dtype,
    ),
  );
}
kernel('SplitV', (g, { x }, { numOrSizeSplits, axis }) => {
  const at = util.parseAxisParam(axis, x!.shape)[0]!;
  const total = x!.shape[at]!;
  const sizes: number[] = Array.isArray(numOrSizeSplits)
    ? numOrSizeSplits.map((s: number) =>
        s < 0 ? total - numOrSizeSplits.reduce((a: number, b: number) => a + b, 1) : s,
      )
    : Array.from({ length: numOrSizeSplits }, () => total / numOrSizeSplits);
  return split(g, x!, at, sizes);
});
kernel('Unpack', (g, { value }, { axis }) => {
  const at = axis < 0 ? axis + value!.shape.length : axis;
  const shape = value!.shape.filter((_, i) => i !== at);
  const parts = split(
    g,
    value!,
    at,
    Array.from({ length: value!.shape[at]! }, () => 1),
  );
  return parts.map((part) => reshape(g, part, shape));
});

kernel('GatherV2', (g, { x, indices }, { axis, batchDims }) => {
  if (batchDims) throw new Error("kernel 'GatherV2WithBatchDims' is missing");
  const at = util.parseAxisParam(axis, x!.shape)[0]!;
  const shape = [...x!.shape.slice(0, at), ...indices!.shape, ...x!.shape.slice(at + 1)];
  return g.node('Gather', [x!, indices!], shape, { axis: at }, x!.dtype);
});
// What gathering adds up on the way back.
kernel('UnsortedSegmentSum', (g, { x, segmentIds }, { numSegments }) => {
  const rows = segmentIds!.shape.length;
  const shape = [numSegments, ...x!.shape.slice(rows)];
  const at = [...segmentIds!.shape, 1];
  const wide = g.node('Cast', [segmentIds!], segmentIds!.shape, { to: 7 }, 'int32');
  const indices = g.node('Reshape', [wide, g.ints(at)], at, {}, 'int32');
  return g.node(
    'ScatterND',
    [filled(g, shape, 0, x!.dtype), indices, x!],
    shape,
    { reduction: 'add' },
    x!.dtype,
  );
});
kernel('OneHot', (g, { indices }, { depth, onValue, offValue }) => {
  const values = g.constant(Float32Array.of(offValue, onValue), [2], 'float32');
  return g.node('OneHot', [indices!, g.scalar(depth, 'int32'), values], [...indices!.shape, depth], {
    axis: -1,
  });
});

function filled(g: Recorder, shape: number[], value: number, dtype: TensorInfo['dtype']): TensorInfo {
  return g.node('Expand', [g.scalar(value, dtype), g.ints(shape)], shape, {}, dtype);
}
kernel('Fill', (g, _, { shape, value, dtype }) => filled(g, shape, value, dtype ?? 'float32'));
kernel('ZerosLike', (g, { x }) => filled(g, x!.shape, 0, x!.dtype));
kernel('OnesLike', (g, { x }) => filled(g, x!.shape, 1, x!.dtype));
