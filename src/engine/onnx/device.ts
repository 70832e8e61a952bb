import * as tf from '@tensorflow/tfjs-core';
import { CodecError } from '../../core/errors.ts';
import { float32 } from '../../core/tensor.ts';
import type { DeviceName } from '../devices.ts';
import { type Engine, feedOf } from '../engine.ts';

const REMEDIES: Record<DeviceName, string> = {
  cpu: '',
  webgpu:
    'It takes a graphics driver: on Linux one for Vulkan, such as that of Mesa 25 (22.3 was too old). ' +
    'Or use --device cpu.',
  cuda:
    "It takes Linux on x64, an NVIDIA card, CUDA 12, cuDNN 9 and the runtime's CUDA libraries, which " +
    'npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12 downloads. Or use --device cpu.',
};

/** Tries a device on a graph of one product. Throws `missing-tool`, with what it takes, when it does not work. */
export async function assertDevice(engine: Engine, device: DeviceName): Promise<void> {
  try {
    const graph = await engine.compile((io) => {
      const x = io.input('x', [2, 2]) as tf.Tensor2D;
      io.output('y', tf.matMul(x, x));
    });
    await graph.run(feedOf({ x: float32([2, 2], Float32Array.of(1, 2, 3, 4)) }));
    await graph.dispose();
  } catch (error) {
    throw new CodecError(
      'missing-tool',
      { what: `the device ${device} cannot be used`, found: reason(error), remedy: REMEDIES[device] },
      { cause: error },
    );
  }
}

/** The runtime's message without the place in its source, which comes first. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const end = / was false\. (.*)$/s.exec(message)?.[1] ?? message;
  return end.trim().replace(/\.$/, '');
}
