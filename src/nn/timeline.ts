import * as tf from '@tensorflow/tfjs-core';
import { CodecError } from '../core/errors.ts';
import type { Timeline, WindowSpec } from '../core/stages.ts';
import { type HostTensor, int32 } from '../core/tensor.ts';
import type { Feed, GraphIo } from '../engine/engine.ts';
import { chunkIndices, extraPadding, windowIndices } from './padding.ts';
import { reflected } from './reflect.ts';

/** The whole signal at once: it begins before the first frame and ends after the last. Differentiable. */
export class WholeTimeline implements Timeline {
  readonly whole = true;

  pad(_: string, x: tf.Tensor3D, { kernel, stride, mode, centred = false }: WindowSpec): tf.Tensor3D {
    const [batch, length, channels] = x.shape;
    const after = centred ? Math.floor((kernel - stride) / 2) : 0;
    const left = kernel - stride - after;
    const right = after + extraPadding(length, stride);
    if (mode === 'zero')
      return tf.pad(x, [
        [0, 0],
        [left, right],
        [0, 0],
      ]);
    const missing = Math.max(left, right) - length + 1;
    const long =
      missing > 0
        ? tf.pad(x, [
            [0, 0],
            [0, missing],
            [0, 0],
          ])
        : x;
    const padded = reflected(long, left, right);
    return missing > 0 ? tf.slice(padded, [0, 0, 0], [batch, left + length + right, channels]) : padded;
  }

  windows(name: string, x: tf.Tensor3D, spec: WindowSpec): tf.Tensor3D {
    return sideBySide(this.pad(name, x, spec), spec);
  }

  state(_: string, batch: number, size: number): tf.Tensor2D {
    return tf.zeros([batch, size]);
  }

  carry(): void {}
}

/** The windows of padded frames: [batch, windows, kernel * channels]. */
export function sideBySide(
  padded: tf.Tensor3D,
  { kernel, stride }: Pick<WindowSpec, 'kernel' | 'stride'>,
): tf.Tensor3D {
  const [batch, length, channels] = padded.shape;
  // Blocks of `stride` frames are a matter of shape; a window is kernel / stride consecutive blocks.
  const blocks = tf.reshape(padded, [batch, length / stride, stride * channels]);
  const count = kernel / stride;
  const frames = length / stride - count + 1;
  return tf.concat(
    Array.from({ length: count }, (_, i) => tf.slice(blocks, [0, i, 0], [batch, frames, stride * channels])),
    2,
  ) as tf.Tensor3D;
}

/** The error for a layer that cannot work chunk by chunk. */
export function needsWhole(layer: string, why: string): CodecError {
  return new CodecError('bad-recipe', {
    what: `the layer ${layer} ${why}, so it cannot be run chunk by chunk`,
    remedy: 'Set framing.type to segments in the recipe, or use causal layers with weight norm.',
  });
}

interface ChunkPad extends WindowSpec {
  /** Frames the layer is given per chunk. */
  readonly capacity: number;
  /** Whether the graph wants whole windows or just the padded frames. */
  readonly windowed: boolean;
}

/** Where a chunk lies in its signal, counted in what the model takes in: samples for an encoder, frames for a decoder. */
export interface ChunkPlace {
  readonly offset: number;
  readonly valid: number;
  readonly last: boolean;
}

/** What is carried from chunk to chunk: an empty record at the start of a signal. */
export type ChunkState = Readonly<Record<string, HostTensor>>;

/** What names of carried state begin with. */
export const STATE = 'state:';
const PAD = 'pad:';

/**
 * One chunk of a longer signal. Layers' left context and recurrent state come in and go out as graph inputs and outputs
 * named `state:…`; where the signal begins or ends inside the chunk is told by index inputs named `pad:…`, so one graph
 * serves first, middle and last chunks.
 */
export class ChunkTimeline implements Timeline {
  readonly whole = false;
  private io: GraphIo | undefined;
  private readonly pads = new Map<string, ChunkPad>();
  private readonly middles = new Map<ChunkPad, HostTensor>();
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

  pad(name: string, x: tf.Tensor3D, spec: WindowSpec): tf.Tensor3D {
    const { kernel, stride } = spec;
    const [, capacity] = x.shape;
    return this.gather(name, x, { ...spec, capacity, windowed: false }, [
      kernel - stride + capacity,
    ]) as tf.Tensor3D;
  }

  windows(name: string, x: tf.Tensor3D, spec: WindowSpec): tf.Tensor3D {
    const { kernel, stride } = spec;
    const [batch, capacity, channels] = x.shape;
    const frames = capacity / stride;
    // Padding and laying windows side by side are one and the same gathering of rows.
    const rows = this.gather(name, x, { ...spec, capacity, windowed: true }, [frames, kernel]);
    return tf.reshape(rows, [batch, frames, kernel * channels]);
  }

  /** Rows of [carried context, x, one zero], by an index input of that shape. */
  private gather(name: string, x: tf.Tensor3D, pad: ChunkPad, shape: number[]): tf.Tensor {
    if (pad.centred) throw needsWhole(name, 'looks ahead');
    const io = this.io!;
    const [batch, capacity, channels] = x.shape;
    const left = pad.kernel - pad.stride;
    if (!this.pads.has(PAD + name)) this.pads.set(PAD + name, pad);
    const before = io.input(STATE + name, [batch, left, channels]) as tf.Tensor3D;
    const all = tf.concat([before, x, tf.zeros([batch, 1, channels]) as tf.Tensor3D], 1);
    io.output(STATE + name, tf.slice(all, [0, capacity, 0], [batch, left, channels]));
    return tf.gather(all, io.input(PAD + name, shape, 'int32') as tf.Tensor1D, 1);
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
      return pad ? this.indices(pad, place) : values[name];
    };
  }

  private indices(pad: ChunkPad, { offset, valid, last }: ChunkPlace): HostTensor {
    // Chunks in the middle of a signal are all alike.
    const middle = offset > 0 && !last;
    const known = middle && this.middles.get(pad);
    if (known) return known;
    const { kernel, stride, mode, capacity, windowed } = pad;
    // A layer's frames are the model's input times its rate; inputs that fill half a frame make a whole one.
    const scaled = (n: number) => Math.ceil((n * capacity) / this.capacity);
    const at = { offset: scaled(offset), valid: scaled(valid), capacity, last };
    const padded = chunkIndices(kernel - stride, mode, stride, at);
    const indices = windowed
      ? int32([capacity / stride, kernel], windowIndices(padded, kernel, stride))
      : int32([padded.length], padded);
    if (middle) this.middles.set(pad, indices);
    return indices;
  }

  /** The state to give to the next chunk. */
  static next(results: Readonly<Record<string, HostTensor>>): ChunkState {
    return Object.fromEntries(Object.entries(results).filter(([name]) => name.startsWith(STATE)));
  }
}
