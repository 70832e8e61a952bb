import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { float32 } from '../src/core/tensor.ts';
import type { Engine } from '../src/engine/engine.ts';
import { ensureBuilt } from './cli/build.ts';

/** The engine as it ships: threads of graphs need compiled code. */
async function builtEngine(threads: number): Promise<Engine> {
  await ensureBuilt();
  const module = new URL('../dist/src/engine/onnx/onnx-engine.js', import.meta.url).href;
  return (await import(module)).createOnnxEngine({ threads, device: 'cpu' });
}

it('copies of a graph compute in threads of their own what the graph computes', async () => {
  const engine = await builtEngine(2);
  const fn: Parameters<Engine['compile']>[0] = (io) => {
    const x = io.input('x', [2, 3]) as tf.Tensor2D;
    io.output('y', tf.matMul(x, x, false, true));
    io.output('sum', tf.add(tf.sum(x), io.input('absent', [])));
  };
  const copies = await engine.compileCopies(fn, 3);
  expect(copies).toHaveLength(2);
  const into = float32([2, 2]);
  const feedOf = (from: number) => () =>
    float32(
      [2, 3],
      Float32Array.from({ length: 6 }, (_, i) => from + i),
    );
  const results = await Promise.all(
    [0, 1, 2, 3].map((from) => {
      const feed = feedOf(from);
      const target = from === 3 ? { y: into } : {};
      return copies[from % 2]!.run((name) => (name === 'x' ? feed() : undefined), target);
    }),
  );
  const alone = await engine.compile(fn);
  for (const [from, { y, sum }] of results.entries()) {
    const want = await alone.run((name) => (name === 'x' ? feedOf(from)() : undefined));
    expect([...y!.data]).toEqual([...want.y!.data]);
    expect([...sum!.data]).toEqual([...want.sum!.data]);
    expect(y!.shape).toEqual([2, 2]);
  }
  expect(results[3]!.y).toBe(into);
  const unfit = copies[0]!.run(() => float32([5]));
  await expect(unfit).rejects.toThrow(/input x does not fit.*\[5\].*\[2,3\]/);
  for (const copy of [...copies, alone]) await copy.dispose();
});

it('one thread: one copy', async () => {
  const engine = await builtEngine(1);
  const copies = await engine.compileCopies((io) => io.output('y', tf.neg(io.input('x', [1]))), 2);
  expect(copies).toHaveLength(1);
  await copies[0]!.dispose();
});

it('what goes wrong in a thread is told', async () => {
  const engine = await builtEngine(2);
  const copies = await engine.compileCopies((io) => {
    const at = io.input('at', [1], 'int32') as tf.Tensor1D;
    io.output('y', tf.gather(tf.tensor1d([1, 2, 3]), at));
  }, 2);
  const run = (at: number) => copies[0]!.run(() => ({ dtype: 'int32', shape: [1], data: Int32Array.of(at) }));
  await expect(run(7)).rejects.toThrow(/out of/);
  expect((await run(1)).y!.data[0]).toBe(2);
  for (const copy of copies) await copy.dispose();
});
