import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as wasm from '@tensorflow/tfjs-backend-wasm';
import { createEngine } from '../dist/src/engine/catalogue.js';
import { EagerEngine } from '../dist/src/engine/eager.js';
import { registerSteppedLstm } from '../dist/src/engine/ops/lstm.js';

/** The engines to compare, the one that counts first. tfjs-wasm has only one thread under Node. */
export async function comparedEngines() {
  const folder = path.dirname(fileURLToPath(import.meta.resolve('@tensorflow/tfjs-backend-wasm')));
  wasm.setWasmPaths(`${folder}${path.sep}`);
  registerSteppedLstm('wasm');
  return {
    onnx: await createEngine('onnx'),
    'onnx, 1 thread': await createEngine('onnx', { threads: 1 }),
    'tfjs-wasm': new EagerEngine('tfjs-wasm', 'wasm'),
    'tfjs-cpu': await createEngine('tfjs-cpu'),
  };
}
