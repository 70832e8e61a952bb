import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { engineNames } from '../../src/engine/catalogue.ts';
import { probe } from '../../src/engine/probe.ts';
import { root } from './build.ts';
import { codec, failureOf, jsonOf } from './command.ts';
import { chirp, freshFolders, namesIn, wavBytes } from './fixtures.ts';

const folder = freshFolders();

const { NODE_PATH, NODE_OPTIONS } = process.env;
afterEach(() => {
  for (const [name, value] of Object.entries({ NODE_PATH, NODE_OPTIONS })) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

/** Puts a package where commands find it, in a Node whose `util` lacks what Node 23 removed. */
function install(name: string, main: string): void {
  const modules = path.join(folder(), 'packages');
  const home = path.join(modules, name);
  mkdirSync(home, { recursive: true });
  writeFileSync(
    path.join(home, 'package.json'),
    JSON.stringify({ name, version: '4.22.0', main: 'main.js' }),
  );
  writeFileSync(path.join(home, 'main.js'), main);
  const removal = path.join(folder(), 'node-23.cjs');
  writeFileSync(removal, "delete require('node:util').isNullOrUndefined;");
  process.env.NODE_PATH = [modules, path.join(root, 'node_modules')].join(path.delimiter);
  process.env.NODE_OPTIONS = `--require ${removal}`;
}

/** A stand-in for TensorFlow's native binding: a backend of its name, with the kernels of the plain one. */
const BINDING = `
const util = require('util');
if (!util.isNullOrUndefined(undefined)) throw new Error('loaded before util was mended');
const tf = require('@tensorflow/tfjs-core');
const { MathBackendCPU } = require('@tensorflow/tfjs-backend-cpu');
tf.registerBackend('tensorflow', () => new MathBackendCPU());
for (const kernel of tf.getKernelsForBackend('cpu')) {
  // The binding has no LSTM either.
  if (kernel.kernelName === 'Lstm') throw new Error('loaded after another engine');
  tf.registerKernel({ ...kernel, backendName: 'tensorflow' });
}
tf.setBackend('tensorflow');
process.stderr.write('stand-in loaded\\n');
`;

const encode = (output: string, ...options: string[]) =>
  codec(folder(), 'encode', 'in.wav', '--recipe', 'tiny.yaml', '-o', output, '--quiet', ...options);

describe('--engine', () => {
  it.each(['tfjs-node', 'tfjs-node-gpu'])('%s: loaded when installed, codes the same', async (name) => {
    writeFileSync(path.join(folder(), 'in.wav'), wavBytes(chirp(4000)));
    expect(await encode('onnx.codec')).toMatchObject({ status: 0, stderr: '' });
    install(`@tensorflow/${name}`, BINDING);
    expect(await encode('native.codec', '--engine', name)).toMatchObject({
      status: 0,
      stderr: 'stand-in loaded\n',
    });
    const bytes = (file: string) => readFileSync(path.join(folder(), file));
    expect(bytes('native.codec')).toEqual(bytes('onnx.codec'));
  });

  it.each(['tfjs-node', 'tfjs-node-gpu'])('%s absent: how to install it', async (name) => {
    writeFileSync(path.join(folder(), 'in.wav'), wavBytes(chirp(4000)));
    const message = failureOf(await encode('out.codec', '--engine', name));
    expect(message).toContain(`Install it: npm install @tensorflow/${name}@4.22`);
    expect(namesIn(folder())).not.toContain('out.codec');
  });

  it('whose package does not load: why, in one line', async () => {
    writeFileSync(path.join(folder(), 'in.wav'), wavBytes(chirp(4000)));
    install(
      '@tensorflow/tfjs-node',
      "throw new Error('The native addon can not be found. \\nRun this and that');",
    );
    const message = failureOf(await encode('out.codec', '--engine', 'tfjs-node'));
    expect(message).toContain('cannot load the npm package @tensorflow/tfjs-node');
    expect(message).toContain('found The native addon can not be found. Let it');
  });
});

describe('--device', () => {
  it('that the engine does not have is wrong usage', async () => {
    const args = ['encode', 'in.wav', '--engine', 'tfjs-cpu', '--device', 'cuda'];
    expect(failureOf(await codec(folder(), ...args), 2)).toMatch(
      /does not compute on the device cuda: expected cpu/,
    );
    expect(failureOf(await codec(folder(), 'encode', 'in.wav', '--device', 'tpu'), 2)).toMatch(
      /cpu.*webgpu.*cuda/,
    );
  });

  it('cuda without its libraries: what it takes', async ({ skip }) => {
    const works = await probe('onnx', 'cuda').then(
      () => true,
      () => false,
    );
    if (works) skip('CUDA works on this machine');
    writeFileSync(path.join(folder(), 'in.wav'), wavBytes(chirp(4000)));
    const message = failureOf(await encode('out.codec', '--device', 'cuda'));
    expect(message).toMatch(/the device cuda cannot be used: found .*onnxruntime-node-install=cuda12/);
    expect(namesIn(folder())).not.toContain('out.codec');
  });
});

interface Doctor {
  engines: {
    name: string;
    version: string | null;
    devices: { name: string; works: boolean; reason?: string }[];
  }[];
}

const deviceOf = ({ engines }: Doctor, engine: string, device: string) =>
  engines.find(({ name }) => name === engine)!.devices.find(({ name }) => name === device)!;

describe('codec doctor', () => {
  it('tells programs what works and why the rest does not', async () => {
    const report = jsonOf(await codec(folder(), 'doctor', '--json')) as unknown as Doctor;
    expect(report).toMatchObject({
      node: { version: process.version, required: expect.stringContaining('>=') },
      ffmpeg: { works: expect.any(Boolean) },
      cacheFolder: expect.any(String),
      weights: expect.arrayContaining([expect.objectContaining({ name: 'encodec-24k' })]),
    });
    expect(report.engines.map(({ name }) => name)).toEqual(engineNames);
    for (const name of ['onnx', 'tfjs-wasm', 'tfjs-cpu']) {
      expect(deviceOf(report, name, 'cpu')).toEqual({ name: 'cpu', works: true });
    }
    for (const { devices } of report.engines) {
      for (const { works, reason } of devices) expect(works).toBe(reason === undefined);
    }
  });

  it('tells people, and of a package that crashes how its process ended', async () => {
    install('@tensorflow/tfjs-node', "process.kill(process.pid, 'SIGKILL');");
    const { status, stdout, stderr } = await codec(folder(), 'doctor');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const text = stdout.toString();
    for (const name of engineNames) expect(text).toContain(`engine ${name}`);
    expect(text).toMatch(
      /@tensorflow\/tfjs-node 4\.22\.0\n +device cpu +no: its process ended with SIGKILL\./,
    );
  });
});
