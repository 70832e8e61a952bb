import { BitReader, BitWriter } from '../bitstream2/bits.ts';
import type { Codes } from '../core/codes.ts';
import { CodecError } from '../core/errors.ts';
import { bitsPerIndex, type CodesShape, type EntropyCoder } from './entropy-coder.ts';

export const RAW_MODE = 0;

/** Every index in as many bits as the codebook's size needs, frame after frame. */
export const rawCoder: EntropyCoder = {
  encode({ indices, codebooks, frames, codebookSize }) {
    const width = bitsPerIndex(codebookSize);
    const writer = new BitWriter(codebooks * frames * width);
    for (let t = 0; t < frames; t++) {
      for (let q = 0; q < codebooks; q++) writer.write(indices[q * frames + t]!, width);
    }
    return { bytes: writer.finish(), mode: RAW_MODE };
  },

  decode({ bytes, mode }, shape) {
    if (mode !== RAW_MODE) throw unknownMode(mode);
    return decodeRaw(bytes, shape);
  },
};

export function decodeRaw(bytes: Uint8Array, { codebooks, frames, codebookSize }: CodesShape): Codes {
  const width = bitsPerIndex(codebookSize);
  const reader = new BitReader(bytes);
  const indices = new Int32Array(codebooks * frames);
  for (let t = 0; t < frames; t++) {
    for (let q = 0; q < codebooks; q++)
      indices[q * frames + t] = Math.min(reader.read(width), codebookSize - 1);
  }
  return { indices, codebooks, frames, codebookSize };
}

export function unknownMode(mode: number): CodecError {
  return new CodecError('bad-container', {
    what: 'a chunk is written in a way this version or recipe does not know',
    found: `mode ${mode}`,
    remedy: 'Update neural-codec, or decode with the recipe the file was made with.',
  });
}
