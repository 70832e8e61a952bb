import * as tf from '@tensorflow/tfjs-core';
import { CodecError } from '../../core/errors.ts';
import type { Params } from '../../core/stages.ts';
import { sizeOf } from '../../core/tensor.ts';
import { trace } from '../../engine/onnx/trace.ts';
import { type DecoderOptions, decodeFrame } from './decoder.ts';
import { type EmbeddingOptions, gridOfPlace } from './embeddings.ts';
import type { Geometry } from './geometry.ts';
import { MAX_WIDTH } from './payload.ts';

export interface FrameNetworkSizes extends DecoderOptions {
  readonly embedding: EmbeddingOptions;
  /** Channels of the encoder of contents. */
  readonly encoderWidth: number;
  /** Values in a file, of decoder and embeddings together, at most. */
  readonly parameters: number;
}

/** The tensors that a file holds, in the order of its bytes, and how wide the decoder is. */
export interface Plan {
  readonly width: number;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Values of the embedding of one frame; 0 where it is computed from the frame's place. */
  readonly embeddingValues: number;
}

/**
 * The widest decoder within the size asked for. A function of whole numbers, so that files need not tell.
 * @throws `bad-argument` if even the narrowest is larger
 */
export function planOf(sizes: FrameNetworkSizes, geometry: Geometry, lengthPictures: number): Plan {
  const { embedding, parameters } = sizes;
  const embeddingValues = embedding.type === 'content' ? sizeOf(geometry.grid) * embedding.channels : 0;
  const room = parameters - embeddingValues * lengthPictures;
  const countFor = (width: number) => {
    const shapes = shapesFor(width, sizes, geometry);
    return { shapes, count: [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0) };
  };
  let [low, high] = [1, 2];
  while (high < MAX_WIDTH && countFor(high).count <= room) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (countFor(middle).count <= room) low = middle;
    else high = middle;
  }
  const { shapes, count } = countFor(low);
  if (count <= room) return { width: low, shapes, embeddingValues };
  throw new CodecError('bad-argument', {
    what: 'cannot build a network of this size for this video',
    found: `representation.parameters ${parameters}`,
    expected: `at least ${count + embeddingValues * lengthPictures}`,
    remedy: 'Set representation.parameters higher, or allow more bits per pixel.',
  });
}

/** Shapes of the tensors of a file whose decoder has that width. */
export function shapesFor(
  width: number,
  sizes: FrameNetworkSizes,
  geometry: Geometry,
): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  const params: Params = {
    has: (name) => shapes.has(name),
    get(name, shape) {
      shapes.set(name, shape);
      return tf.zeros([...shape]);
    },
  };
  trace((io) =>
    io.output('y', decodeFrame(startOf(sizes, geometry, io.input, params), width, sizes, geometry, params)),
  );
  return shapes;
}

/** What the decoder starts from, from the graph's inputs: the embedding itself, or the place of a frame. */
export function startOf(
  { embedding }: { readonly embedding: EmbeddingOptions },
  geometry: Geometry,
  input: (name: string, shape: readonly number[]) => tf.Tensor,
  params: Params,
): tf.Tensor4D {
  if (embedding.type === 'content') {
    return input('embedding', [1, ...geometry.grid, embedding.channels]) as tf.Tensor4D;
  }
  const place = input('place', [1, 2 * embedding.frequencies]) as tf.Tensor2D;
  return gridOfPlace(place, embedding, geometry, params);
}
