import { broadcast_util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Recorder } from '../recorder.ts';
import { reshape } from './layout.ts';
import { kernel } from './register.ts';

kernel('BatchMatMul', (g, { a, b }, { transposeA, transposeB }) => {
  const rank = a!.shape.length;
  const rows = a!.shape[transposeA ? rank - 1 : rank - 2]!;
  const columns = b!.shape[transposeB ? b!.shape.length - 2 : b!.shape.length - 1]!;
  const batch = broadcast_util.assertAndGetBroadcastShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
  const single = rank < 4 && batch.every((size) => size === 1);
  // Of two products that are each other's transpose, the runtime is up to twice as fast at that with fewer rows when many
  // rows are summed over, and six times at that without transposes; it is what gradients of layers' weights are.
  const summed = a!.shape[transposeA ? rank - 2 : rank - 1]!;
  const many = summed > 4 * rows && (!transposeB || summed > 4 * columns);
  if (single && transposeA && many && (transposeB || rows > columns)) {
    const attributes = { transA: transposeB ? 0 : 1, transB: 0 };
    const product = g.node('Gemm', [flat(g, b!), flat(g, a!)], [columns, rows], attributes);
    // Not as a Transpose: the runtime would take both together as the slow product.
    const turned = g.node('Einsum', [product], [rows, columns], { equation: 'ij->ji' });
    return rank === 2 ? turned : reshape(g, turned, [1, rows, columns]);
  }
  // A matrix with a batch's axis goes to Gemm, which takes transposes as flags; two plain ones the runtime puts together with
  // what is added to them.
  if (single && rank === 3) {
    const left = flat(g, a!);
    const right = flat(g, b!);
    const attributes = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
    const product = g.node('Gemm', [left, right], [rows, columns], attributes);
    return reshape(g, product, [1, rows, columns]);
  }
  const left = transposeA ? swapped(g, a!) : a!;
  const right = transposeB ? swapped(g, b!) : b!;
  return g.node('MatMul', [left, right], [...batch, rows, columns]);
});

function flat(g: Recorder, x: TensorInfo): TensorInfo {
  return x.shape.length === 2 ? x : reshape(g, x, x.shape.slice(-2));
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
