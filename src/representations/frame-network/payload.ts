import { ByteCursor } from '../../bitstream/byte-cursor.ts';
import { writeVarint } from '../../bitstream/varint.ts';
import { type HostTensor, sizeOf } from '../../core/tensor.ts';
import { badPayload } from '../../entropy/entropy-coder.ts';
import { decodeLevels } from '../../entropy/level-decoder.ts';
import { encodeLevels } from '../../entropy/levels.ts';
import { type NetworkPart, unpackNetwork } from '../../fitting/network.ts';

/** Distance of two levels of an embedding. */
export const EMBEDDING_STEP = 2 ** -4;
/** Distance of two levels of a bias or another value that is added. */
const VECTOR_EXPONENT = 10;
/** Levels of embeddings beyond this are cut off. */
const MAX_EMBEDDING_LEVEL = 2 ** 20;
/** Values that files may ask for. */
const MAX_VALUES = 2 ** 25;
/** Of decoders that files may ask for. */
export const MAX_WIDTH = 1024;

/**
 * Exponent of a tensor's step 2^-e: about a quarter of the standard deviation its values start with, which goes with the root of
 * the number of values that are added up.
 */
function exponentOf(shape: readonly number[]): number {
  if (shape.length < 2) return VECTOR_EXPONENT;
  // Filters are [height, width, in, out]; with one filter for each channel, out is 1 and no channels are added up.
  const added = sizeOf(shape.slice(0, shape.at(-1) === 1 ? 2 : -1));
  return 2 + Math.floor((31 - Math.clz32(added ** 2)) / 4);
}

/** Distance of two levels of a tensor. */
export function stepOf(shape: readonly number[]): number {
  return 2 ** -exponentOf(shape);
}

/** The tensors of a decoder as they are coded: each on its own, those of few values together. */
export function partsOf(shapes: ReadonlyMap<string, readonly number[]>): NetworkPart[] {
  const all = [...shapes].map(([name, shape]) => ({ name, shape, exponent: exponentOf(shape) }));
  const vectors = all.filter(({ shape }) => shape.length < 2);
  const rest = all.filter(({ shape }) => shape.length >= 2);
  return [
    { name: 'vectors', tensors: vectors, exponents: [VECTOR_EXPONENT, VECTOR_EXPONENT] },
    ...rest.map(({ name, shape, exponent }) => ({
      name,
      tensors: [{ name, shape }],
      exponents: [exponent, exponent] as const,
    })),
  ];
}

/** Levels of embeddings, [pictures][values]: each picture's as the difference from those of the one before. */
export interface Embeddings {
  readonly values: number;
  readonly levels: Int32Array;
}

/** Embeddings in steps. */
export function embeddingLevels(embeddings: Float32Array, values: number): Embeddings {
  const levels = Int32Array.from(embeddings, (value) =>
    Math.max(-MAX_EMBEDDING_LEVEL, Math.min(MAX_EMBEDDING_LEVEL, Math.round(value / EMBEDDING_STEP))),
  );
  return { values, levels };
}

export interface Parts {
  readonly width: number;
  readonly network: ReadonlyMap<string, HostTensor>;
  readonly networkBytes: number;
  readonly embeddingBytes: number;
  /** Undefined where the decoder needs none. */
  readonly embeddings: Embeddings | undefined;
}

/**
 *     width varint | network (see `packNetwork`) | levels of the embeddings, to the end
 */
export function writePayload(
  width: number,
  network: Uint8Array,
  embeddings: Embeddings | undefined,
): Uint8Array {
  const head: number[] = [];
  writeVarint(width, head);
  return Buffer.concat([
    Uint8Array.from(head),
    network,
    embeddings ? codeEmbeddings(embeddings) : new Uint8Array(),
  ]);
}

function codeEmbeddings({ levels, values }: Embeddings): Uint8Array {
  const changeOf = (i: number) => levels[i]! - (i < values ? 0 : levels[i - values]!);
  return encodeLevels(levels.length, values, changeOf).bytes;
}

/** The decoder's width, by which a reader knows its tensors. Throws `bad-container`. */
export function readWidth(payload: Uint8Array): number {
  const cursor = new ByteCursor(payload);
  const width = cursor.varint();
  if (cursor.failure || width < 1 || width > MAX_WIDTH)
    throw badPayload(`a width of ${width}`, `1 to ${MAX_WIDTH}`);
  return width;
}

/** Reads what `writePayload` wrote. Throws `bad-container`. */
export function readPayload(
  payload: Uint8Array,
  shapes: ReadonlyMap<string, readonly number[]>,
  embedded: { readonly values: number; readonly pictures: number },
): Parts {
  const { values, pictures } = embedded;
  const wanted = [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), values * pictures);
  if (wanted > MAX_VALUES) throw badPayload(`${wanted} values`, `at most ${MAX_VALUES}`);
  const cursor = new ByteCursor(payload);
  const width = cursor.varint();
  const from = cursor.offset;
  const network = unpackNetwork(cursor, partsOf(shapes));
  if (cursor.found) throw badPayload(cursor.found, 'a whole network');
  const rest = payload.subarray(cursor.offset);
  const networkBytes = cursor.offset - from;
  if (values === 0 && rest.length > 0) throw badPayload(`${rest.length} more bytes`, 'the end');
  if (values === 0) return { width, network, networkBytes, embeddingBytes: 0, embeddings: undefined };
  const levels = decodeLevels(rest, values * pictures, values);
  for (let i = values; i < levels.length; i++) levels[i] = (levels[i]! + levels[i - values]!) | 0;
  return { width, network, networkBytes, embeddingBytes: rest.length, embeddings: { values, levels } };
}

/** A picture's embedding. */
export function embeddingOf({ levels, values }: Embeddings, picture: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    levels.subarray(picture * values, (picture + 1) * values),
    (level) => level * EMBEDDING_STEP,
  );
}
