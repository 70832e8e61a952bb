import { BitReader, BitWriter } from '../bitstream/bits.ts';
import type { Codes } from '../core/codes.ts';
import {
  assertCodes,
  badPayload,
  bitsPerIndex,
  type Coded,
  type CodesShape,
  type EntropyCoder,
  MAX_INDICES,
  MODES,
  nominalBytes,
} from './entropy-coder.ts';

/** Plain bits: codebook after codebook, each index in ceil(log2 codebookSize) bits, highest first. */
export const rawCoder: EntropyCoder = { encode, decode, codebookBits };

function encode(codes: Codes): Coded {
  assertCodes(codes);
  const width = bitsPerIndex(codes.codebookSize);
  const writer = new BitWriter(nominalBytes(codes) + 8);
  for (let i = 0; i < codes.indices.length; i++) writer.write(codes.indices[i]!, width);
  return { bytes: writer.toBytes(), mode: MODES.raw };
}

function decode({ bytes, mode }: Coded, shape: CodesShape): Codes {
  if (mode !== MODES.raw) {
    const remedy = 'Decode with the recipe and the weights that the file was made with.';
    throw badPayload(`entropy coder mode ${mode}`, `${MODES.raw} (plain bits)`, remedy);
  }
  const size = nominalBytes(shape);
  if (bytes.length !== size) throw badPayload(`${bytes.length} bytes`, `${size}`);
  const { codebooks, frames, codebookSize } = shape;
  const count = codebooks * frames;
  if (!(count <= MAX_INDICES)) throw badPayload(`${count} indices`, `at most ${MAX_INDICES}`);
  const width = bitsPerIndex(codebookSize);
  const reader = new BitReader(bytes);
  const indices = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const index = reader.read(width);
    if (index >= codebookSize) throw badPayload(`index ${index}`, `less than ${codebookSize}`);
    indices[i] = index;
  }
  return { ...shape, indices };
}

function codebookBits({ codebooks, frames, codebookSize }: Codes): Float64Array {
  return new Float64Array(codebooks).fill(frames * bitsPerIndex(codebookSize));
}
