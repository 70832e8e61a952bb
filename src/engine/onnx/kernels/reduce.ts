import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Recorder } from '../recorder.ts';
import { kernel } from './register.ts';

function reduced(x: TensorInfo, axes: number[], keepDims: boolean): number[] {
  return keepDims
    ? x.shape.map((d, i) => (axes.includes(i) ? 1 : d))
    : x.shape.filter((_, i) => !axes.includes(i));
}

// In opset 17 ReduceSum takes its axes as an input, the others as an attribute.
kernel('Sum', (g, { x }, { axis, keepDims }) => {
  const axes = util.parseAxisParam(axis, x!.shape);
  return g.node(
    'ReduceSum',
    [x!, g.ints(axes)],
    reduced(x!, axes, keepDims),
    { keepdims: keepDims ? 1 : 0 },
    x!.dtype,
  );
});
const REDUCTIONS = { Mean: 'ReduceMean', Max: 'ReduceMax', Min: 'ReduceMin', Prod: 'ReduceProd' };
for (const [name, op] of Object.entries(REDUCTIONS)) {
  kernel(name, (g, { x }, { axis, reductionIndices, keepDims }) => {
    const axes = util.parseAxisParam(axis ?? reductionIndices, x!.shape);
    return g.node(op, [x!], reduced(x!, axes, keepDims), { axes, keepdims: keepDims ? 1 : 0 }, x!.dtype);
  });
}

function arg(g: Recorder, op: string, x: TensorInfo, axis: number): TensorInfo {
  const at = util.parseAxisParam(axis, x.shape)[0]!;
  const [wide] = g.raw(op, [x], { axis: at, keepdims: 0 });
  return g.node('Cast', [wide!], reduced(x, [at], false), { to: 6 }, 'int32');
}
kernel('ArgMax', (g, { x }, { axis }) => arg(g, 'ArgMax', x!, axis));
kernel('ArgMin', (g, { x }, { axis }) => arg(g, 'ArgMin', x!, axis));

kernel('TopK', (g, { x }, { k, sorted }) => {
  const shape = [...x!.shape.slice(0, -1), k];
  const [values, wide] = g.raw(
    'TopK',
    [x!, g.ints([k])],
    { axis: -1, largest: 1, sorted: sorted ? 1 : 0 },
    2,
  );
  return [g.tensor(values!, shape), g.node('Cast', [wide!], shape, { to: 6 }, 'int32')];
});

kernel('Softmax', (g, { logits }, { dim }) => g.node('Softmax', [logits!], logits!.shape, { axis: dim }));
kernel('Cumsum', (g, { x }, { axis, exclusive, reverse }) =>
  g.node(
    'CumSum',
    [x!, g.scalar(axis, 'int32')],
    x!.shape,
    { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 },
    x!.dtype,
  ),
);
