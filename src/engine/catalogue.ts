import { CodecError } from '../core/errors.ts';
import { type DeviceName, deviceNames } from './devices.ts';
import type { Engine, EngineOptions } from './engine.ts';

interface EngineEntry {
  readonly about: string;
  /** The npm package that computes. */
  readonly packageName: string;
  /** Where it can compute; the first is its default. */
  readonly devices: readonly [DeviceName, ...DeviceName[]];
  readonly create: (options: EngineOptions & { readonly device: DeviceName }) => Promise<Engine>;
}

/** Every engine by name. Packages load only when their engine is asked for. */
export const engines = {
  onnx: {
    about: 'one ONNX graph on onnxruntime-node (default, fastest)',
    packageName: 'onnxruntime-node',
    devices: ['cpu', 'webgpu', 'cuda'],
    create: async (options): Promise<Engine> =>
      (await import('./onnx/onnx-engine.ts')).createOnnxEngine(options),
  },
  'tfjs-node-gpu': {
    about: 'TensorFlow on an NVIDIA card, op by op (optional package)',
    packageName: '@tensorflow/tfjs-node-gpu',
    devices: ['cuda'],
    create: async (): Promise<Engine> =>
      (await import('./tfjs.ts')).tfjsNative('tfjs-node-gpu', '@tensorflow/tfjs-node-gpu'),
  },
  'tfjs-node': {
    about: 'TensorFlow on the processor, op by op (optional package)',
    packageName: '@tensorflow/tfjs-node',
    devices: ['cpu'],
    create: async (): Promise<Engine> =>
      (await import('./tfjs.ts')).tfjsNative('tfjs-node', '@tensorflow/tfjs-node'),
  },
  'tfjs-wasm': {
    about: 'TensorFlow.js in WebAssembly, op by op, one thread',
    packageName: '@tensorflow/tfjs-backend-wasm',
    devices: ['cpu'],
    create: async (): Promise<Engine> => (await import('./tfjs.ts')).tfjsWasm(),
  },
  'tfjs-cpu': {
    about: 'TensorFlow.js in plain JavaScript, op by op (slow, for comparison)',
    packageName: '@tensorflow/tfjs-backend-cpu',
    devices: ['cpu'],
    create: async (): Promise<Engine> => (await import('./tfjs.ts')).tfjsCpu(),
  },
} as const satisfies Record<string, EngineEntry>;

export type EngineName = keyof typeof engines;

export const engineNames = Object.keys(engines) as EngineName[];

/**
 * Loads an engine.
 * @throws `bad-argument` for an unknown name, or a device it does not compute on; `missing-tool` for a package or a
 *   device that is not there
 */
export async function createEngine(name: string = 'onnx', options: EngineOptions = {}): Promise<Engine> {
  const entry = engineEntry(name);
  return entry.create({
    ...(options.threads !== undefined && { threads: options.threads }),
    device: deviceFor(name, options.device),
  });
}

function engineEntry(name: string): EngineEntry {
  if (Object.hasOwn(engines, name)) return engines[name as EngineName];
  throw new CodecError('bad-argument', {
    what: 'unknown engine',
    found: `"${name}"`,
    expected: engineNames.join(', '),
  });
}

/** The device an engine is to use. Throws `bad-argument` for one it does not compute on. */
export function deviceFor(engine: string, device?: string): DeviceName {
  const { devices } = engineEntry(engine);
  const chosen = device === undefined ? devices[0] : devices.find((each) => each === device);
  if (chosen) return chosen;
  const others = engineNames.filter((name) => engineEntry(name).devices.some((each) => each === device));
  throw new CodecError('bad-argument', {
    what: `the engine ${engine} does not compute on the device ${device}`,
    expected: devices.join(', '),
    remedy:
      others.length > 0
        ? `Engines that do: ${others.join(', ')}.`
        : `Devices there are: ${deviceNames.join(', ')}.`,
  });
}
