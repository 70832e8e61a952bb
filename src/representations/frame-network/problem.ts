import * as tf from '@tensorflow/tfjs-core';
import type { Rng } from '../../core/rng.ts';
import type { Clip } from '../../core/signal.ts';
import type { Params } from '../../core/stages.ts';
import { float32, type HostTensor, sizeOf } from '../../core/tensor.ts';
import type { FitProblem, Phase, StepGraph, StepInputs, StepLoss } from '../../fitting/problem.ts';
import { roundStraightThrough } from '../../nn/rounding.ts';
import { decodeFrame } from './decoder.ts';
import { encodeContent, placeOf } from './embeddings.ts';
import { type Geometry, padFrame } from './geometry.ts';
import { EMBEDDING_STEP, stepOf } from './payload.ts';
import { type FrameNetworkSizes, type Plan, startOf } from './plan.ts';

/** The fit of a frame network to a clip: each run sees one frame, each step all of them in another order. */
export class FrameNetworkProblem implements FitProblem {
  readonly parameters: ReadonlyMap<string, HostTensor>;
  readonly runsPerStep: number;
  private readonly clip: Clip;
  private readonly sizes: FrameNetworkSizes;
  private readonly geometry: Geometry;
  private readonly plan: Plan;
  private readonly lambda: number;
  private order: number[] = [];

  constructor(
    clip: Clip,
    sizes: FrameNetworkSizes,
    geometry: Geometry,
    plan: Plan,
    { parameters, lambda }: { readonly parameters: ReadonlyMap<string, HostTensor>; readonly lambda: number },
  ) {
    this.clip = clip;
    this.sizes = sizes;
    this.geometry = geometry;
    this.plan = plan;
    this.parameters = parameters;
    this.lambda = lambda;
    this.runsPerStep = clip.pictures.length;
  }

  loss(graph: StepGraph, phase: Phase): StepLoss {
    const { geometry, sizes, plan, clip } = this;
    const bits: tf.Tensor[] = [];
    const params: Params = {
      has: (name) => this.parameters.has(name),
      get: (name) => {
        const value = graph.parameter(name);
        const shape = plan.shapes.get(name);
        if (!shape) return value;
        const step = stepOf(shape);
        bits.push(tf.mul(spreadBits(value, step), sizeOf(shape)));
        return phase === 'rounded' ? roundedTo(value, step) : value;
      },
    };
    const frame = graph.input('frame', [1, ...geometry.padded, 3]) as tf.Tensor4D;
    let start: tf.Tensor4D;
    if (sizes.embedding.type === 'content') {
      const exact = encodeContent(frame, sizes.embedding, sizes.encoderWidth, geometry, params);
      bits.push(tf.mul(spreadBits(exact, EMBEDDING_STEP), exact.size * clip.pictures.length));
      const noise = graph.input('noise', exact.shape) as tf.Tensor4D;
      start =
        phase === 'rounded' ? roundedTo(exact, EMBEDDING_STEP) : tf.add(exact, tf.mul(noise, EMBEDDING_STEP));
    } else start = startOf(sizes, geometry, graph.input, params);
    const decoded = decodeFrame(start, plan.width, sizes, geometry, params);
    const shape: [number, number, number, number] = [1, clip.height, clip.width, 3];
    const origin: [number, number, number, number] = [0, 0, 0, 0];
    const error = tf.mean(
      tf.squaredDifference(tf.slice(decoded, origin, shape), tf.slice(frame, origin, shape)),
    ) as tf.Scalar;
    const pixels = clip.width * clip.height * clip.pictures.length;
    const rate = tf.div(tf.addN(bits), pixels) as tf.Scalar;
    return { total: tf.add(error, tf.mul(rate, this.lambda)), error, rate };
  }

  draw(run: number, _phase: Phase, _progress: number, rng: Rng): StepInputs {
    const { clip, geometry, sizes } = this;
    const at = run % this.runsPerStep;
    if (at === 0) this.order = rng.shuffled(clip.pictures.keys());
    const picture = this.order[at]!;
    const frame = padFrame(clip.pictures[picture]!, clip.width, clip.height, geometry.padded);
    const inputs: Record<string, HostTensor> = { frame: float32([1, ...geometry.padded, 3], frame) };
    const { embedding } = sizes;
    if (embedding.type === 'content') {
      const shape = [1, ...geometry.grid, embedding.channels];
      inputs.noise = float32(
        shape,
        Float32Array.from({ length: sizeOf(shape) }, () => rng.uniform() - 0.5),
      );
    } else {
      const place = placeOf(picture, clip.pictures.length, embedding);
      inputs.place = float32([1, place.length], place);
    }
    return { inputs };
  }
}

function roundedTo<T extends tf.Tensor>(x: T, step: number): T {
  return tf.mul(roundStraightThrough(tf.div(x, step)), step) as T;
}

/**
 * Bits a value of x takes when coded in steps, as if x were of a Laplace distribution: log2(2 e scale / step), which near 0
 * steps of scale goes to none.
 */
function spreadBits(x: tf.Tensor, step: number): tf.Scalar {
  const scale = tf.mul(tf.mean(tf.abs(x)), (2 * Math.E) / step);
  return tf.div(tf.log(tf.add(scale, 1)), Math.LN2) as tf.Scalar;
}
