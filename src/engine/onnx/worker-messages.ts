import type { InferenceSession } from 'onnxruntime-node';
import type { HostTensor } from '../../core/tensor.ts';

/** What a thread with a session of its own is started with. */
export interface WorkerStart {
  readonly model: Uint8Array;
  readonly options: InferenceSession.SessionOptions;
}

/** One run; `undefined` instead ends the thread. */
export interface WorkerRun {
  readonly feeds: Readonly<Record<string, HostTensor>>;
}

/** What comes of a run; the first, without values, says that the session is there. */
export type WorkerAnswer =
  | { readonly values: Readonly<Record<string, HostTensor>> }
  | { readonly error: string };
