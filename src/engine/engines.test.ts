import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { float32 } from '../core/tensor.ts';
import { createEngine, deviceFor, engineNames, engines } from './catalogue.ts';
import { deviceNames } from './devices.ts';
import { compile, feedOf } from './engine.ts';
import { loadNativeBinding, polyfillUtil } from './native-binding.ts';
import { packageVersion, resolvePackage } from './optional-package.ts';
import { probe } from './probe.ts';

describe('engines', () => {
  it.each(['onnx', 'tfjs-wasm', 'tfjs-cpu'])('%s computes what the probe expects', (name) =>
    probe(name, 'cpu'));

  it('unknown: the names are told', async () => {
    await expect(createEngine('abacus')).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(createEngine('abacus')).rejects.toThrow(/"abacus", expected onnx, tfjs-node-gpu, tfjs-node/);
  });

  it('running at once keep to their own backends', async () => {
    const seen: string[] = [];
    const names = ['tfjs-cpu', 'tfjs-wasm', 'tfjs-cpu', 'onnx', 'tfjs-wasm'];
    const runs = names.map(async (name) => {
      const engine = await createEngine(name);
      const graph = await engine.compile((io) => {
        seen.push(`${name} on ${tf.getBackend()}`);
        io.output('y', tf.exp(io.input('x', [3])));
      });
      const feed = feedOf({ x: float32([3], Float32Array.of(0, 1, 2)) });
      const results = await Promise.all([graph.run(feed), graph.run(feed)]);
      return results.map(({ y }) => [...y!.data].map((v) => v.toFixed(3)).join(' '));
    });
    const results = (await Promise.all(runs)).flat();
    expect(new Set(results)).toEqual(new Set(['1.000 2.718 7.389']));
    // An eager engine runs the function each time, onnx once.
    const counts = Object.fromEntries([...new Set(seen)].map((s) => [s, seen.filter((t) => t === s).length]));
    expect(counts).toEqual({ 'tfjs-cpu on cpu': 4, 'tfjs-wasm on wasm': 4, 'onnx on onnx-trace': 1 });
  });

  it('name an op they have no kernel for', async () => {
    const wasm = await createEngine('tfjs-wasm');
    const only: tf.KernelConfig = { kernelName: 'OnlyElsewhere', backendName: 'cpu', kernelFunc: () => [] };
    tf.registerKernel(only);
    const graph = await compile(wasm, (x) => tf.engine().runKernel('OnlyElsewhere', { x: x! }) as tf.Tensor, [
      [2],
    ]);
    await expect(graph.run(float32([2]))).rejects.toMatchObject({ code: 'missing-kernel' });
    await expect(graph.run(float32([2]))).rejects.toThrow(
      /the tfjs-wasm engine has no kernel .* OnlyElsewhere/,
    );
    tf.unregisterKernel('OnlyElsewhere', 'cpu');
  });
});

describe('devices', () => {
  it("are the engine's first when not said, and refused where it has none such", () => {
    for (const name of engineNames) {
      const own: readonly string[] = engines[name].devices;
      expect(deviceFor(name)).toBe(own[0]);
      for (const device of deviceNames) {
        if (own.includes(device)) expect(deviceFor(name, device)).toBe(device);
        else
          expect(() => deviceFor(name, device)).toThrow(`the engine ${name} does not compute on the device`);
      }
    }
    expect(() => deviceFor('tfjs-cpu', 'cuda')).toThrow(/expected cpu. Engines that do: onnx, tfjs-node-gpu/);
    expect(() => deviceFor('onnx', 'tpu')).toThrow(/Devices there are: cpu, webgpu, cuda/);
  });
});

describe('native bindings', () => {
  it('get the function that Node 23 took away, and never a second one', () => {
    const bare: Record<string, unknown> = {};
    polyfillUtil(bare);
    const isNullOrUndefined = bare.isNullOrUndefined as (value: unknown) => boolean;
    expect([undefined, null, 0, '', false, Number.NaN, {}].map(isNullOrUndefined)).toEqual([
      ...[true, true],
      ...[false, false, false, false, false],
    ]);
    polyfillUtil(bare);
    expect(bare.isNullOrUndefined).toBe(isNullOrUndefined);
  });

  it('absent: the command that installs them is told, and nothing is patched', () => {
    const before = Object.getOwnPropertyDescriptor(util, 'isNullOrUndefined');
    expect(() => loadNativeBinding('tfjs-node', '@tensorflow/no-such-binding')).toThrow(
      /needs the npm package @tensorflow\/no-such-binding, which is not installed. Install it: npm install @tens/,
    );
    expect(Object.getOwnPropertyDescriptor(util, 'isNullOrUndefined')).toEqual(before);
  });
});

describe('optional packages', () => {
  it('are found with their version, or not', () => {
    expect(packageVersion('onnxruntime-node')).toMatch(/^1\.\d+\.\d+$/);
    expect(packageVersion('@tensorflow/tfjs-backend-wasm')).toMatch(/^4\.22\./);
    expect(resolvePackage('no-such-package-here')).toBeUndefined();
    expect(packageVersion('no-such-package-here')).toBeUndefined();
  });
});
