import { broadcast_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Recorder } from '../recorder.ts';
import { kernel } from './register.ts';

kernel('BatchMatMul', (g, { a, b }, { transposeA, transposeB }) => {
  const rank = a!.shape.length;
  const rows = a!.shape[transposeA ? rank - 1 : rank - 2]!;
  const columns = b!.shape[transposeB ? b!.shape.length - 2 : b!.shape.length - 1]!;
  const batch = broadcast_util.assertAndGetBroadcastShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
  // Of two products that are each other's transpose, the runtime is up to twice as fast at that with fewer rows when many
  // rows are summed over; it is what gradients of layers' weights are.
  const summed = a!.shape[transposeA ? rank - 2 : rank - 1]!;
  if (rank === 3 && batch[0] === 1 && transposeA && !transposeB && rows > columns && summed > 4 * rows) {
    const product = g.node('Gemm', [flat(g, b!), flat(g, a!)], [columns, rows], { transA: 1, transB: 0 });
    const turned = swapped(g, product);
    return g.node('Reshape', [turned, g.ints([1, rows, columns])], [1, rows, columns]);
  }
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
  return g.node(
    'Transpose',
    [x],
    perm.map((axis) => x.shape[axis]!),
    { perm },
  );
}
