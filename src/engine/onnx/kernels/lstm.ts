import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Recorder } from '../recorder.ts';
import { kernel } from './register.ts';

/** Rows of gates i, f, g, o (PyTorch) in the runtime's order i, o, f, g. */
function reorder(g: Recorder, x: TensorInfo, hidden: number): TensorInfo {
  const gates = [0, 3, 1, 2].map((gate) => {
    const shape = [hidden, ...x.shape.slice(1)];
    return g.node('Slice', [x, g.ints([gate * hidden]), g.ints([(gate + 1) * hidden]), g.ints([0])], shape);
  });
  return g.node('Concat', gates, x.shape, { axis: 0 });
}

function reshape(g: Recorder, x: TensorInfo | string, shape: number[]): TensorInfo {
  return g.node('Reshape', [x, g.ints(shape)], shape);
}

// See engine/ops/lstm.ts for the meaning of inputs and outputs.
kernel('Lstm', (g, { x, weightInput, weightHidden, biasInput, biasHidden, h, c }) => {
  const [batch, time, width] = x!.shape as [number, number, number];
  const hidden = h!.shape[1]!;
  // The runtime wants time first. For one sequence that is a matter of naming.
  const sequence =
    batch === 1
      ? reshape(g, x!, [time, 1, width])
      : g.node('Transpose', [x!], [time, batch, width], { perm: [1, 0, 2] });
  const bias = g.node(
    'Concat',
    [reorder(g, biasInput!, hidden), reorder(g, biasHidden!, hidden)],
    [8 * hidden],
    { axis: 0 },
  );
  const [all, last, cell] = g.raw(
    'LSTM',
    [
      sequence,
      reshape(g, reorder(g, weightInput!, hidden), [1, 4 * hidden, width]),
      reshape(g, reorder(g, weightHidden!, hidden), [1, 4 * hidden, hidden]),
      reshape(g, bias, [1, 8 * hidden]),
      '',
      reshape(g, h!, [1, batch, hidden]),
      reshape(g, c!, [1, batch, hidden]),
    ],
    { hidden_size: hidden },
    3,
  );
  const y =
    batch === 1
      ? reshape(g, all!, [1, time, hidden])
      : g.node('Transpose', [reshape(g, all!, [time, batch, hidden])], [batch, time, hidden], {
          perm: [1, 0, 2],
        });
  return [y, reshape(g, last!, [batch, hidden]), reshape(g, cell!, [batch, hidden])];
});
