import * as tf from '@tensorflow/tfjs-core';
import { CodecError } from '../core/errors.ts';
import { EagerEngine } from './eager.ts';
import { registerSteppedLstm } from './ops/lstm.ts';
import { resolvePackage } from './optional-package.ts';

/** Readies a TensorFlow.js backend that has been loaded. */
async function eagerEngine(name: string, backend: string): Promise<EagerEngine> {
  // Or tfjs advertises other packages on stderr.
  tf.enableProdMode();
  registerSteppedLstm(backend);
  // Some backends start asynchronously. Once started, switching to them is a matter of one assignment.
  if (!(await tf.setBackend(backend))) {
    throw new CodecError('missing-tool', {
      what: `the engine ${name} does not start`,
      found: `no TensorFlow.js backend "${backend}"`,
      remedy: 'Use another --engine; codec doctor lists them.',
    });
  }
  return new EagerEngine(name, backend);
}

export async function tfjsCpu(): Promise<EagerEngine> {
  await import('@tensorflow/tfjs-backend-cpu');
  return eagerEngine('tfjs-cpu', 'cpu');
}

export async function tfjsWasm(): Promise<EagerEngine> {
  const name = '@tensorflow/tfjs-backend-wasm';
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  // The compiled module lies beside the script.
  setWasmPaths(resolvePackage(name)!.replace(/[^/\\]*$/, ''));
  return eagerEngine('tfjs-wasm', 'wasm');
}

/** Both native bindings call their backend by this name, so that a process has room for one of them. */
const NATIVE_BACKEND = 'tensorflow';
let loadedBinding: string | undefined;

/** @param binding which of the native bindings: an optional peer of this package */
export async function tfjsNative(name: string, binding: string): Promise<EagerEngine> {
  if (loadedBinding !== undefined && loadedBinding !== binding) {
    throw new CodecError('bad-argument', {
      what: `the engine ${name} cannot be loaded beside another of its kind`,
      found: `${loadedBinding} loaded in this process`,
      remedy: 'Run them in processes of their own.',
    });
  }
  const { loadNativeBinding } = await import('./native-binding.ts');
  loadNativeBinding(name, binding);
  loadedBinding = binding;
  return eagerEngine(name, NATIVE_BACKEND);
}
