import { createEngine } from '../dist/src/engine/catalogue.js';

/** The engines to compare, the one that counts first. tfjs-wasm has only one thread under Node. */
export async function comparedEngines() {
  return {
    onnx: await createEngine('onnx'),
    'onnx, 1 thread': await createEngine('onnx', { threads: 1 }),
    'tfjs-wasm': await createEngine('tfjs-wasm'),
    'tfjs-cpu': await createEngine('tfjs-cpu'),
  };
}
