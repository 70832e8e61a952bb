import * as tf from '@tensorflow/tfjs-core';
import type { PadSpec, Timeline } from '../core/stages.ts';
import { type HostTensor, int32 } from '../core/tensor.ts';
import type { Feed, GraphIo } from '../engine/engine.ts';
import { chunkIndices, extraPadding } from './padding.ts';

/** The whole signal at once: it begins before the first frame and ends after the last. Differentiable. */
export class WholeTimeline implements Timeline {
  pad(_: string, x: tf.Tensor3D, { left, right = 0, stride = 1, mode }: PadSpec): tf.Tensor3D {
    const [batch, length, channels] = x.shape;
    const after = right + extraPadding(length, stride);
    if (mode === 'zero')
      return tf.pad(x, [
        [0, 0],
        [left, after],
        [0, 0],
      ]);
    const missing = Math.max(left, after) - length + 1;
    const long =
      missing > 0
        ? tf.pad(x, [
            [0, 0],
            [0, missing],
            [0, 0],
          ])
        : x;
    const span = (from: number, count: number) => tf.slice(long, [0, from, 0], [batch, count, channels]);
    const parts = [long];
    if (left > 0) parts.unshift(tf.reverse(span(1, left), 1));
    if (after > 0) parts.push(tf.reverse(span(long.shape[1] - 1 - after, after), 1));
    const padded = parts.length > 1 ? (tf.concat(parts, 1) as tf.Tensor3D) : long;
    return missing > 0 ? tf.slice(padded, [0, 0, 0], [batch, left + length + after, channels]) : padded;
  }

  state(_: string, batch: number, size: number): tf.Tensor2D {
    return tf.zeros([batch, size]);
  }

  carry(): void {}
}

interface ChunkPad {
  readonly left: number;
  readonly mode: PadSpec['mode'];
  readonly stride: number;
  /** Frames the layer sees per chunk. */
  readonly capacity: number;
}

/** Where a chunk lies in its signal, counted in what the model takes in: samples for an encoder, frames for a decoder. */
export interface ChunkPlace {
  readonly offset: number;
  readonly valid: number;
  readonly last: boolean;
}

/** What is carried from chunk to chunk: an empty record at the start of a signal. */
export type ChunkState = Readonly<Record<string, HostTensor>>;

const STATE = 'state:';
const PAD = 'pad:';

/**
 * One chunk of a longer signal. Layers' left context and recurrent state come in and go out as graph inputs and outputs
 * named `state:…`; where the signal begins or ends inside the chunk is told by index inputs named `pad:…`, so one graph
 * serves first, middle and last chunks.
 */
export class ChunkTimeline implements Timeline {
  private io: GraphIo | undefined;
  private readonly pads = new Map<string, ChunkPad>();
  private readonly capacity: number;

  /** @param capacity length of a chunk, in what the model takes in */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** To be called first in the graph function. */
  begin(io: GraphIo): this {
    this.io = io;
    return this;
  }

  pad(name: string, x: tf.Tensor3D, { left, stride = 1, mode }: PadSpec): tf.Tensor3D {
    const io = this.io!;
    const [batch, capacity, channels] = x.shape;
    this.pads.set(PAD + name, { left, mode, stride, capacity });
    const before = io.input(STATE + name, [batch, left, channels]) as tf.Tensor3D;
    const indices = io.input(PAD + name, [left + capacity], 'int32') as tf.Tensor1D;
    const zero = tf.zeros([batch, 1, channels]) as tf.Tensor3D;
    const all = tf.concat([before, x, zero], 1);
    io.output(STATE + name, tf.slice(all, [0, capacity, 0], [batch, left, channels]));
    return tf.gather(all, indices, 1);
  }

  state(name: string, batch: number, size: number): tf.Tensor2D {
    return this.io!.input(STATE + name, [batch, size]) as tf.Tensor2D;
  }

  carry(name: string, state: tf.Tensor2D): void {
    this.io!.output(STATE + name, state);
  }

  /** Feeds a chunk: `values` are the model's own inputs. */
  feed(values: Readonly<Record<string, HostTensor>>, state: ChunkState, place: ChunkPlace): Feed {
    return (name) => {
      if (name.startsWith(STATE)) return state[name];
      const pad = this.pads.get(name);
      if (!pad) return values[name];
      const { left, mode, stride, capacity } = pad;
      // A layer's frames are the model's input times its rate; inputs that fill half a frame make a whole one.
      const scaled = (n: number) => Math.ceil((n * capacity) / this.capacity);
      const { offset, valid, last } = place;
      const at = { offset: scaled(offset), valid: scaled(valid), capacity, last };
      return int32([left + capacity], chunkIndices(left, mode, stride, at) as Int32Array<ArrayBuffer>);
    };
  }

  /** The state to give to the next chunk. */
  static next(results: Readonly<Record<string, HostTensor>>): ChunkState {
    return Object.fromEntries(Object.entries(results).filter(([name]) => name.startsWith(STATE)));
  }
}
