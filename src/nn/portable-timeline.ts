import * as tf from '@tensorflow/tfjs-core';
import { CodecError } from '../core/errors.ts';
import type { Timeline, WindowSpec } from '../core/stages.ts';
import type { GraphIo } from '../engine/engine.ts';
import { needsWhole, STATE, sideBySide } from './timeline.ts';

/** Where a piece lies in its signal, told to the graph: int32 [1] each. */
export interface PiecePlace {
  /** Entries of the signal in the piece; the rest of it is filler. */
  readonly valid: tf.Tensor;
  /** 1 where the signal begins with the piece, and where it ends in it; else 0. */
  readonly first: tf.Tensor;
  readonly last: tf.Tensor;
}

/**
 * A piece of a signal, or all of it, in a graph that works out its padding from three numbers: for use without this
 * package. Sees what `ChunkTimeline` sees, which is told every index instead.
 */
export class PortableTimeline implements Timeline {
  readonly whole = false;
  private readonly capacity: number;
  private readonly place: PiecePlace;
  private readonly io: GraphIo | undefined;
  private readonly indices = new Map<string, tf.Tensor1D>();

  /**
   * @param capacity length of the piece, in what the model takes in
   * @param io where what is carried from piece to piece comes in and goes out; without it the piece is all of the signal
   */
  constructor(capacity: number, place: PiecePlace, io?: GraphIo) {
    this.capacity = capacity;
    this.place = place;
    this.io = io;
  }

  pad(name: string, x: tf.Tensor3D, spec: WindowSpec): tf.Tensor3D {
    if (spec.centred) throw needsWhole(name, 'looks ahead');
    const [batch, capacity, channels] = x.shape;
    const left = spec.kernel - spec.stride;
    if (this.io && capacity <= left) {
      throw new CodecError('bad-argument', {
        what: `chunks are too short for the layer ${name}`,
        found: `${capacity} entries`,
        expected: `more than ${left}`,
      });
    }
    const before = this.carried(name, [batch, left, channels]) as tf.Tensor3D;
    const all = tf.concat([before, x, tf.zeros([batch, 1, channels]) as tf.Tensor3D], 1);
    this.io?.output(STATE + name, tf.slice(all, [0, capacity, 0], [batch, left, channels]));
    return tf.gather(all, this.indicesFor(spec, capacity), 1);
  }

  windows(name: string, x: tf.Tensor3D, spec: WindowSpec): tf.Tensor3D {
    return sideBySide(this.pad(name, x, spec), spec);
  }

  state(name: string, batch: number, size: number): tf.Tensor2D {
    return this.carried(name, [batch, size]) as tf.Tensor2D;
  }

  carry(name: string, state: tf.Tensor2D): void {
    this.io?.output(STATE + name, state);
  }

  private carried(name: string, shape: number[]): tf.Tensor {
    return this.io ? this.io.input(STATE + name, shape) : tf.zeros(shape);
  }

  private indicesFor(spec: WindowSpec, capacity: number): tf.Tensor1D {
    const key = `${spec.kernel} ${spec.stride} ${spec.mode} ${capacity}`;
    const known = this.indices.get(key) ?? this.padIndices(spec, capacity);
    this.indices.set(key, known);
    return known;
  }

  /** `chunkIndices` in tensors: where each frame of the padded piece is in [carried context, piece, one zero]. */
  private padIndices({ kernel, stride, mode }: WindowSpec, capacity: number): tf.Tensor1D {
    const left = kernel - stride;
    const size = left + capacity;
    const positions = range(size);
    const zero = tf.fill([size], size, 'int32');
    const valid = this.scaled(capacity);
    const end = tf.add(valid, int(left));
    const [first, last] = [isOne(this.place.first), isOne(this.place.last)];
    const before = tf.logicalAnd(tf.less(positions, int(left)), first);
    const after = tf.greaterEqual(positions, end);
    if (mode === 'zero') return tf.where(tf.logicalOr(before, after), zero, positions) as tf.Tensor1D;

    const opposite = tf.sub(int(2 * left), positions);
    const reflected = tf.where(tf.less(opposite, end), opposite, zero);
    const started = tf.where(before, reflected, positions);
    if (stride === 1) return tf.where(after, zero, started) as tf.Tensor1D;

    // The end is filled up to a whole window; a signal too short to reflect is continued with zeros instead.
    const whole = tf.mul(tf.floorDiv(tf.add(valid, int(stride - 1)), int(stride)), int(stride));
    const extra = tf.sub(whole, valid);
    const tooShort = tf.logicalAnd(
      tf.logicalAnd(first, last),
      tf.lessEqual(valid, tf.maximum(int(left), extra)),
    );
    const source = tf.sub(tf.sub(tf.mul(end, int(2)), int(2)), positions);
    const oldest = tf.mul(this.place.first, int(left));
    const within = tf.logicalAnd(tf.less(tf.sub(positions, end), extra), tf.greaterEqual(source, oldest));
    const mirrors = tf.logicalAnd(within, tf.logicalAnd(last, tf.logicalNot(tooShort)));
    return tf.where(after, tf.where(mirrors, source, zero), started) as tf.Tensor1D;
  }

  /** Entries of the signal at a layer that has room for `capacity`: those that fill half a frame make a whole one. */
  private scaled(capacity: number): tf.Tensor {
    if (capacity >= this.capacity) return tf.mul(this.place.valid, int(capacity / this.capacity));
    const ratio = this.capacity / capacity;
    return tf.floorDiv(tf.add(this.place.valid, int(ratio - 1)), int(ratio));
  }
}

function int(value: number): tf.Tensor {
  return tf.tensor1d([value], 'int32');
}

function isOne(flag: tf.Tensor): tf.Tensor {
  return tf.greater(flag, int(0));
}

/** 0, 1, 2 … as a tensor made by ops, so that its size may depend on the signal's. */
function range(size: number): tf.Tensor1D {
  return tf.sub(tf.cumsum(tf.fill([size], 1, 'int32')), int(1)) as tf.Tensor1D;
}
