import type { ByteCursor } from '../bitstream/byte-cursor.ts';
import { writeVarint } from '../bitstream/varint.ts';
import { float32, type HostTensor, sizeOf } from '../core/tensor.ts';
import { decodeLevels } from '../entropy/level-decoder.ts';
import { quantize } from '../weights/quantize.ts';

/** Tensors of a fitted network that share a step of quantization. */
export interface NetworkPart {
  readonly name: string;
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
  }[];
  /** Steps to choose from are 2^-e for the exponents [from, to], each 0 to 31. */
  readonly exponents: readonly [number, number];
  /** Largest magnitude of a value, if what computes with them has a limit. */
  readonly limit?: number;
  /** Values that decoders know are multiples of 2^-this: so are then their sums with what is coded. */
  readonly knownBits?: number;
}

type Network = ReadonlyMap<string, HostTensor>;

export interface PackedNetwork {
  readonly bytes: Uint8Array;
  /** As whoever unpacks it sees it. */
  readonly network: Map<string, HostTensor>;
  /** Bytes of each part. */
  readonly partBytes: Readonly<Record<string, number>>;
}

/** Squared steps of error that a bit is worth when a level is chosen, if not said. */
const LEVEL_LAMBDA = 0.05;
/** Rows for the level coder's contexts: the tensors of a part are coded as one, whatever their shapes. */
const ROW_LENGTH = 16;

/**
 * Quantizes a network and codes it with DeepCABAC, part after part. The step of each part is searched from the finest: the
 * one for which `cost`, given the whole network with the parts so far as coded and this part's bits, is least. The
 * search of a part ends where a coarser step has been worse twice, but for the coarsest, which is tried in any case: it may
 * leave the reference as it is. (From the coarsest it would end at once.)
 * @param cost e.g. error + lambda * rate of the network and of what it codes
 * @param reference a network that decoders know: what is coded is the difference to it
 * @param levelLambda squared steps of error that a bit is worth when a level is chosen; 0 for the nearest levels, for networks
 *   trained with their values rounded so
 */
export async function packNetwork(
  network: Network,
  parts: readonly NetworkPart[],
  cost: (candidate: Network, bits: number) => Promise<number>,
  reference?: Network,
  levelLambda = LEVEL_LAMBDA,
): Promise<PackedNetwork> {
  const result = new Map(network);
  const out: number[] = [];
  const partBytes: Record<string, number> = {};
  for (const part of parts) {
    const values = joined(network, part);
    const known = reference ? joined(reference, part) : new Float32Array(countOf(part));
    let best: { cost: number; bytes: number[]; tensors: Map<string, HostTensor> } | undefined;
    const attempt = async (exponent: number): Promise<boolean> => {
      const coded = codePart(values, known, part, exponent, levelLambda);
      const bits = 8 * (out.length + coded.bytes.length);
      const candidate = await cost(new Map([...result, ...coded.tensors]), bits);
      if (best && !(candidate < best.cost)) return false;
      best = { cost: candidate, ...coded };
      return true;
    };
    const [coarsest, finest] = part.exponents;
    let worse = 0;
    let exponent = finest;
    for (; exponent >= coarsest && worse < 2; exponent--) worse = (await attempt(exponent)) ? 0 : worse + 1;
    if (exponent >= coarsest) await attempt(coarsest);
    for (const byte of best!.bytes) out.push(byte);
    partBytes[part.name] = best!.bytes.length;
    for (const [name, tensor] of best!.tensors) result.set(name, tensor);
  }
  return { bytes: Uint8Array.from(out), network: result, partBytes };
}

/** Reads what `packNetwork` wrote for the same parts and reference. Sets the cursor's failure, or throws `bad-container`. */
export function unpackNetwork(
  cursor: ByteCursor,
  parts: readonly NetworkPart[],
  reference?: Network,
): Map<string, HostTensor> {
  const network = new Map<string, HostTensor>();
  for (const part of parts) {
    const exponent = cursor.uint(1);
    const bytes = cursor.take(cursor.varint());
    if (cursor.failure) break;
    if (exponent < part.exponents[0] || exponent > part.exponents[1]) {
      cursor.failure = `a step of 2^-${exponent} for the ${part.name}`;
      break;
    }
    const levels = decodeLevels(bytes, countOf(part), ROW_LENGTH);
    const known = reference ? joined(reference, part) : new Float32Array(countOf(part));
    const values = known.map((value, i) => value + levels[i]! * 2 ** -exponent);
    const { limit } = part;
    if (limit !== undefined && values.some((value) => Math.abs(value) > limit)) {
      cursor.failure = `a value out of range in the ${part.name}`;
      break;
    }
    for (const [name, tensor] of separated(values, part)) network.set(name, tensor);
  }
  return network;
}

function codePart(
  values: Float32Array,
  known: Float32Array,
  part: NetworkPart,
  exponent: number,
  lambda: number,
): { bytes: number[]; tensors: Map<string, HostTensor> } {
  const step = 2 ** -exponent;
  // A step below the limit: rounding may go up.
  const limit = (part.limit ?? Number.POSITIVE_INFINITY) - step;
  const differences = values.map((value, i) => Math.max(-limit, Math.min(limit, value)) - known[i]!);
  const coded = quantize(differences, ROW_LENGTH, { step, lambda });
  const bytes = [exponent];
  writeVarint(coded.bytes.length, bytes);
  for (const byte of coded.bytes) bytes.push(byte);
  return {
    bytes,
    tensors: separated(
      known.map((value, i) => value + coded.values[i]!),
      part,
    ),
  };
}

function countOf(part: NetworkPart): number {
  return part.tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

function joined(network: Network, part: NetworkPart): Float32Array {
  const values = new Float32Array(countOf(part));
  let at = 0;
  for (const { name } of part.tensors) {
    const { data } = network.get(name)!;
    values.set(data, at);
    at += data.length;
  }
  return values;
}

function separated(values: Float32Array, part: NetworkPart): Map<string, HostTensor> {
  let at = 0;
  return new Map(
    part.tensors.map(({ name, shape }) => {
      const from = at;
      at += sizeOf(shape);
      return [name, float32(shape, values.slice(from, at))];
    }),
  );
}
