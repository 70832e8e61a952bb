import { enableProdMode } from '@tensorflow/tfjs-core';
import { CodecError } from '../core/errors.ts';
import { EagerEngine } from './eager.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { registerSteppedLstm } from './ops/lstm.ts';

/** Every engine by name. Packages load only when their engine is asked for. */
export const engines = {
  onnx: {
    about: 'one ONNX graph on onnxruntime-node (default, fastest)',
    create: async (options: EngineOptions): Promise<Engine> => {
      const { OnnxEngine } = await import('./onnx/onnx-engine.ts');
      return new OnnxEngine(options);
    },
  },
  'tfjs-cpu': {
    about: 'TensorFlow.js in plain JavaScript (slow, for comparison)',
    create: async (): Promise<Engine> => {
      await import('@tensorflow/tfjs-backend-cpu');
      // Or it advertises other packages on stderr.
      enableProdMode();
      registerSteppedLstm('cpu');
      return new EagerEngine('tfjs-cpu', 'cpu');
    },
  },
} as const;

export type EngineName = keyof typeof engines;

export const engineNames = Object.keys(engines) as EngineName[];

/** Loads an engine. Throws `bad-argument` for an unknown name. */
export async function createEngine(name: string = 'onnx', options: EngineOptions = {}): Promise<Engine> {
  if (!Object.hasOwn(engines, name)) {
    throw new CodecError('bad-argument', {
      what: 'unknown engine',
      found: `"${name}"`,
      expected: engineNames.join(', '),
    });
  }
  return engines[name as EngineName].create(options);
}
