import { parentPort, workerData } from 'node:worker_threads';
import { env, InferenceSession } from 'onnxruntime-node';
import type { HostTensor } from '../../core/tensor.ts';
import { asTensor } from './tensors.ts';
import type { WorkerAnswer, WorkerRun, WorkerStart } from './worker-messages.ts';

// A thread that runs one session: the other side is worker-graph.ts.

const { model, options } = workerData as WorkerStart;
const port = parentPort!;
env.logLevel = 'fatal';

async function answer(work: () => Promise<Record<string, HostTensor>>): Promise<void> {
  let reply: WorkerAnswer;
  try {
    reply = { values: await work() };
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  }
  const moved = 'values' in reply ? Object.values(reply.values).map(({ data }) => data.buffer) : [];
  port.postMessage(reply, moved as ArrayBuffer[]);
}

let session: InferenceSession | undefined;
port.on('message', async (message: WorkerRun | undefined) => {
  if (!message) {
    await session?.release();
    port.close();
    return;
  }
  await answer(async () => {
    const feeds = Object.entries(message.feeds).map(([name, value]) => [name, asTensor(value)]);
    const results = await session!.run(Object.fromEntries(feeds));
    return Object.fromEntries(
      Object.entries(results).map(([name, { type, dims, data }]) => [
        name,
        { dtype: type, shape: dims, data } as HostTensor,
      ]),
    );
  });
});
await answer(async () => {
  session = await InferenceSession.create(model, options);
  return {};
});
