import * as tf from '@tensorflow/tfjs-core';
import type { Scope, WindowSpec } from '../core/stages.ts';
import type { GraphIo } from '../engine/engine.ts';
import { anyLength } from '../engine/onnx/any-length.ts';
import { encodeModel, renamed } from '../engine/onnx/model-proto.ts';
import type { GraphParts } from '../engine/onnx/recorder.ts';
import { trace } from '../engine/onnx/trace.ts';
import { ConstantParams } from '../nn/params.ts';
import { PortableTimeline } from '../nn/portable-timeline.ts';
import { STATE, WholeTimeline } from '../nn/timeline.ts';
import { foldWeightNorm } from '../nn/weight-norm.ts';
import type { ModelParts } from './model.ts';
import { decoderGraph, encoderGraph } from './model-graphs.ts';

/** An input or output of an exported graph; a size that is a text is known only when the graph runs. */
export interface ExportedTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

export interface ExportedGraph {
  /** The ONNX file. */
  readonly model: Uint8Array;
  readonly inputs: readonly ExportedTensor[];
  readonly outputs: readonly ExportedTensor[];
  /** What goes from one chunk to the next: which output becomes which input. */
  readonly states: readonly { readonly input: string; readonly output: string }[];
  /** Latent frames of the shortest signal the graph is right for. */
  readonly minimumFrames: number;
}

/**
 * What of a signal a graph sees: all of it, a segment that is coded for itself, or a chunk of `frames` latent frames after
 * which another follows.
 */
export type ExportedPiece =
  | { readonly kind: 'signal' | 'segment' }
  | { readonly kind: 'chunk'; frames: number };

type Side = 'encoder' | 'decoder';

/** Long enough for every layer to have what it reflects; primes, so that lines through them are seldom whole by chance. */
const TRACED_FRAMES = [61, 67, 79];

/** Names of the first input and the result, by what the stages call them. */
const NAMES: Record<Side, Record<string, string>> = {
  encoder: { x: 'audio', codes: 'codes' },
  decoder: { codes: 'codes', y: 'audio' },
};

/** Encoder and decoder as ONNX files that need nothing of this package. */
export function exportModel(
  parts: ModelParts,
  codebooks: number,
  piece: ExportedPiece,
): Record<Side, ExportedGraph> {
  return {
    encoder: exportSide('encoder', parts, codebooks, piece),
    decoder: exportSide('decoder', parts, codebooks, piece),
  };
}

function exportSide(side: Side, parts: ModelParts, codebooks: number, piece: ExportedPiece): ExportedGraph {
  const params = new ConstantParams(foldWeightNorm(parts.weights));
  const { hopLength } = parts.encoder;
  const unit = side === 'encoder' ? hopLength : 1;
  const build = side === 'encoder' ? encoderGraph : decoderGraph;
  let minimumFrames = 1;
  const traced = (frames: number) =>
    trace(
      (io) => {
        const time = timelineFor(piece, frames * unit, side, io);
        build(parts, codebooks, frames * unit)(io, { params, time });
        if (time instanceof MeasuredTimeline) minimumFrames = Math.max(1, Math.ceil(time.shortest / unit));
      },
      { shareConstants: false },
    );
  const first = traced(piece.kind === 'chunk' ? piece.frames : TRACED_FRAMES[0]!);
  const graph: GraphParts =
    piece.kind === 'chunk'
      ? first.graph
      : anyLength([first, ...TRACED_FRAMES.slice(1).map(traced)], {
          lengths: TRACED_FRAMES,
          input: side === 'encoder' ? 'x' : 'codes',
          unit,
          names: { entries: side === 'encoder' ? 'samples' : 'frames', length: 'frames' },
          given: 'valid',
        });
  const names = new Map<string, string>();
  const inputLabels = first.inputs.map(({ label }) => label);
  const kept = piece.kind === 'signal' ? inputLabels.filter((label) => label !== 'valid') : inputLabels;
  for (const [i, label] of kept.entries()) names.set(graph.inputs[i]!.name, nameOf(side, label, 'state'));
  for (const [i, { label }] of first.outputs.entries())
    names.set(graph.outputs[i]!.name, nameOf(side, label, 'next'));
  const result = renamed(graph, names);
  const states = first.outputs
    .filter(({ label }) => label.startsWith(STATE))
    .map(({ label }) => ({ input: nameOf(side, label, 'state'), output: nameOf(side, label, 'next') }));
  const described = ({ name, type, shape }: GraphParts['inputs'][number]) => ({ name, dtype: type, shape });
  return {
    model: encodeModel(result),
    inputs: result.inputs.map(described),
    outputs: result.outputs.map(described),
    states,
    minimumFrames,
  };
}

/** Names that every language can use. */
function nameOf(side: Side, label: string, prefix: 'state' | 'next'): string {
  if (!label.startsWith(STATE)) return NAMES[side][label] ?? label;
  return `${prefix}_${label.slice(STATE.length).replace(/\W/g, '_')}`;
}

function timelineFor(piece: ExportedPiece, capacity: number, side: Side, io: GraphIo): Scope['time'] {
  const flag = (name: string) => io.input(name, [1], 'int32');
  const one = () => tf.tensor1d([1], 'int32');
  switch (piece.kind) {
    case 'segment':
      return new MeasuredTimeline(capacity);
    case 'chunk': {
      const place = { valid: flag('valid'), first: flag('first'), last: flag('last') };
      return new PortableTimeline(capacity, place, io);
    }
    case 'signal': {
      // Codes come in whole frames, samples do not.
      const valid = side === 'encoder' ? flag('valid') : tf.tensor1d([capacity], 'int32');
      return new PortableTimeline(capacity, { valid, first: one(), last: one() });
    }
  }
}

/** Finds out how long a signal must be for every layer to have enough to reflect. */
class MeasuredTimeline extends WholeTimeline {
  /** In what the model takes in. */
  shortest = 1;
  private readonly capacity: number;

  constructor(capacity: number) {
    super();
    this.capacity = capacity;
  }

  override pad(name: string, x: tf.Tensor3D, spec: WindowSpec): tf.Tensor3D {
    if (spec.mode === 'reflect') {
      const reflected =
        spec.kernel - spec.stride - (spec.centred ? Math.floor((spec.kernel - spec.stride) / 2) : 0);
      this.shortest = Math.max(this.shortest, (reflected + 1) * (this.capacity / x.shape[1]));
    }
    return super.pad(name, x, spec);
  }
}
